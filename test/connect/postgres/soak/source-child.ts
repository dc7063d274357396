import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PostgresChangesOptions } from 'streamerjs/connect';

const PROCESS = fileURLToPath(new URL('./source-process.js', import.meta.url));

export interface ChildOptions extends PostgresChangesOptions {
  readonly brokers: readonly string[];
  readonly id: string;
}

/** A source in a process of its own. */
export class SourceChild {
  readonly #process: ChildProcess;
  #printed = '';
  #mostBytes = 0;
  #records = 0;

  constructor(options: ChildOptions) {
    this.#process = fork(PROCESS, [JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: [] });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
    this.#process.on('message', ({ rss, records }: { rss: number; records: number }) => {
      this.#mostBytes = Math.max(this.#mostBytes, rss);
      this.#records = records;
    });
  }

  get printed(): string {
    return this.#printed;
  }

  /** Records acknowledged so far, as it told last. */
  get records(): number {
    return this.#records;
  }

  /** The most memory it was seen with. */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }
}
