import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonLines } from '../../cli/helpers.ts';

const MAIN = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
export const APP_FILE = fileURLToPath(new URL('../app/worker-app.ts', import.meta.url));
const KEPT = 4_000;

export type ChildEvent = Readonly<Record<string, unknown>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const alive = new Set<ChildProcess>();

/** Whatever ends this process ends its children; only SIGKILL leaves them behind. */
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** A `streamer` command that prints JSON objects, as a child process. */
export class Child {
  readonly events: ChildEvent[] = [];
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stderr = '';
  #line = '';
  #exit: Exit | undefined;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run \`npm run build\` first`);
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    alive.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT);
    });
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        alive.delete(child);
        this.#exit = { code, signal };
        resolve(this.#exit);
        this.#tell();
      });
    });
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  get exitCode(): number | null | undefined {
    return this.#exit?.code;
  }

  /** What it wrote to stderr last. */
  get stderr(): string {
    return this.#stderr;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** @throws Error when the process ends before, or the time is up */
  async until(event: string, timeoutMs = 30_000): Promise<ChildEvent> {
    const find = () => this.events.find((each) => each['event'] === event);
    return new Promise<ChildEvent>((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== undefined) end(() => resolve(found));
        else if (this.hasExited)
          end(() => reject(new Error(`ended with ${JSON.stringify(this.#exit)} before "${event}": ${this.#stderr}`)));
      };
      const timer = setTimeout(() => end(() => reject(new Error(`no "${event}" within ${timeoutMs} ms: ${this.#stderr}`))), timeoutMs);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      this.#listeners.add(look);
      look();
    });
  }

  #heard(text: string): void {
    this.#line += text;
    const at = new Date().toISOString();
    this.events.push(...jsonLines(this.#line).map((event) => ({ at, ...event })));
    this.#line = this.#line.slice(this.#line.lastIndexOf('\n') + 1);
    this.#tell();
  }

  #tell(): void {
    for (const look of [...this.#listeners]) look();
  }
}

/** Nothing that configures streamer or Node is handed on. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(STREAMER_|KAFKA_|FAULTS_|VITEST|NODE_OPTIONS|FORCE_COLOR)/.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}
