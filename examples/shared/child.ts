import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  /** For messages, as `worker 1`. */
  readonly name: string;
  /** A module and its arguments. */
  readonly args: readonly string[];
  /** Loaded before it. */
  readonly before?: readonly string[];
  onLine(line: string): void;
}

const GUARD = new URL('./orphan-guard.js', import.meta.url).href;
const KEPT_LINES = 40;
const GRACE_MS = 15_000;

/** A process of ours: read by lines, stopped in order, killed when it does not stop, its complaints kept for when it fails. */
export class Child {
  readonly name: string;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly #process: ChildProcess;
  readonly #complaints: string[] = [];
  #isStopping = false;

  constructor({ name, args, before = [], onLine }: ChildOptions) {
    this.name = name;
    this.#process = spawn(process.execPath, [...[GUARD, ...before].flatMap((module) => ['--import', module]), ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: a Ctrl-C of the terminal reaches it through us alone, once.
      detached: true,
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    });
    this.gone = once(this.#process, 'close').then(() => {});
    this.#lines(this.#process.stdout, onLine);
    this.#lines(this.#process.stderr, (line) => {
      this.#complaints.push(line);
      if (this.#complaints.length > KEPT_LINES) this.#complaints.shift();
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isGone(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Gone without having been told to. */
  get hasFailed(): boolean {
    return this.isGone && !this.#isStopping;
  }

  send(message: object): void {
    if (this.#process.connected) this.#process.send(message);
  }

  /** How it ended, with what it said on standard error. */
  failure(): Error {
    const { exitCode, signalCode } = this.#process;
    const how = signalCode === null ? `exit code ${exitCode}` : signalCode;
    const said = this.#complaints.length === 0 ? '' : `. It said:\n    ${this.#complaints.join('\n    ')}`;
    return new Error(`${this.name} ended too early (${how})${said}`);
  }

  /** SIGTERM, and SIGKILL when that does not help within 15 seconds. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.isGone) return this.gone;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    await this.gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#isStopping = true;
    this.#process.kill('SIGKILL');
  }

  #lines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
    if (stream !== null) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
  }
}
