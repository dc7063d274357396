import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unique } from '../helpers/broker.ts';

const ROOT = new URL('../../', import.meta.url);
export const MAIN = fileURLToPath(new URL('dist/src/cli/main.js', ROOT));

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** The program, when it is another than this project's build. */
  readonly main?: string;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

/** Environment of a child: the run's broker, and nothing else that configures streamer. */
export function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(STREAMER_|KAFKA_|MODEL_URL|VITEST|NODE_OPTIONS|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(inherited), KAFKA_BROKERS: String(process.env['TEST_BROKERS']), NO_COLOR: '1', ...extra };
}

/** A `streamer` command as a child process. */
export class Streamer {
  stdout = '';
  stderr = '';
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], options: RunOptions = {}) {
    const { main = MAIN } = options;
    if (!existsSync(main)) throw new Error(`${main} is not there: these tests run what is built, so run \`npm run build\` first`);
    const child = spawn(process.execPath, [main, ...args], { cwd: options.cwd, env: environment(options.env), stdio: 'pipe' });
    this.process = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)));
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    this.finished = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        for (const look of this.#waiting) look();
      });
    });
  }

  /** Resolves when `check` of what was printed so far gives something; rejects when the process ends or time is up before. */
  async until<T>(check: (stdout: string, stderr: string) => T | undefined | false | null, ms = 45_000): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let look: () => void = () => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        const told = () => `stdout:\n${this.stdout}\nstderr:\n${this.stderr}`;
        look = () => {
          const found = check(this.stdout, this.stderr);
          if (found) resolve(found);
          else if (this.process.exitCode !== null) reject(new Error(`ended with ${this.process.exitCode} before that; ${told()}`));
        };
        timer = setTimeout(() => reject(new Error(`not within ${ms} ms; ${told()}`)), ms);
        this.#waiting.add(look);
        look();
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  /** Objects printed with --json so far. */
  get events(): Array<Record<string, unknown>> {
    return jsonLines(this.stdout);
  }

  untilEvent(name: string, check: (event: Record<string, unknown>) => boolean = () => true, ms?: number): Promise<Record<string, unknown>> {
    return this.until(() => this.events.find((event) => event['event'] === name && check(event)), ms);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.process.kill(signal);
    return this.finished;
  }

  #heard(add: () => void): void {
    add();
    for (const look of this.#waiting) look();
  }
}

/** Whole lines alone: the last one may still be coming. */
export function jsonLines(text: string): Array<Record<string, unknown>> {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function run(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return new Streamer(args, options).finished;
}

/** Runs `use` with a process that is ended afterwards, whatever happens. */
export async function withStreamer<T>(args: readonly string[], options: RunOptions, use: (streamer: Streamer) => Promise<T>): Promise<T> {
  const streamer = new Streamer(args, options);
  try {
    return await use(streamer);
  } finally {
    if (streamer.process.exitCode === null) streamer.process.kill('SIGKILL');
    await streamer.finished;
  }
}

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'streamer-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The shop of fixtures/shop.ts, with topics of its own that are created here and deleted afterwards. */
export async function withShop<T>(use: (shop: { prefix: string; app: string; env: Record<string, string> }) => Promise<T>): Promise<T> {
  const prefix = unique('shop');
  const shop = { prefix, app: fixture('shop.ts'), env: { SHOP_PREFIX: prefix } };
  const created = await run(['topics', 'create', '-A', shop.app], { env: shop.env });
  if (created.code !== 0) throw new Error(created.stderr);
  try {
    return await use(shop);
  } finally {
    await run(['topics', 'delete', '-A', shop.app, '--yes'], { env: shop.env });
  }
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
