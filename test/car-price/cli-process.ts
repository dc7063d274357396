import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const WAIT_MS = 60_000;

/** The `streamer` command as a process; what it says is kept for when it fails. */
export class CliProcess {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<void>;
  #changed: () => void = () => {};

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.#process, 'close').then(() => this.#changed());
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface({ input: stream! }).on('line', (line) => {
        this.#lines.push(line);
        this.#changed();
      });
    }
  }

  /** @throws Error with what it said, unless it exits with 0 */
  static async run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    const child = new CliProcess(args, env);
    await child.#ended;
    if (child.#process.exitCode !== 0) throw child.#failure();
  }

  /** The last lines that it has said. */
  get words(): string {
    return this.#lines.slice(-12).join('\n  ');
  }

  async said(text: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!this.#lines.some((line) => line.includes(text))) {
      if (this.#process.exitCode !== null || Date.now() > deadline) throw this.#failure();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#process.kill(signal);
    await this.#ended;
  }

  #failure(): Error {
    return new Error(
      `${this.#process.spawnargs.slice(2).join(' ')} ended or hangs (exit ${this.#process.exitCode}):\n  ${this.#lines.slice(-30).join('\n  ')}`,
    );
  }
}
