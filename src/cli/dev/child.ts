import { type ChildProcess, spawn } from 'node:child_process';

/** A Node process that can be started anew. One that ends by itself stays down until the next restart. */
export class Child {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #say: (text: string) => void;
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #wanted: 'running' | 'restarting' | 'stopped' = 'running';

  constructor(name: string, args: readonly string[], say: (text: string) => void) {
    this.#name = name;
    this.#args = args;
    this.#say = say;
    this.#start();
  }

  /** Several calls while it is still ending make one restart. */
  restart(): void {
    if (this.#wanted !== 'running') return;
    this.#wanted = 'restarting';
    this.#process?.kill('SIGTERM');
    void this.#ended.then(() => {
      if (this.#wanted !== 'restarting') return;
      this.#wanted = 'running';
      this.#start();
    });
  }

  async stop(): Promise<void> {
    this.#wanted = 'stopped';
    this.#process?.kill('SIGTERM');
    await this.#ended;
  }

  #start(): void {
    // A group of its own: a Ctrl-C of the terminal reaches it through us alone, once.
    // The channel tells it when we are gone, however we ended (see main.ts).
    const env = { ...process.env, STREAMER_DEV_CHILD: '1' };
    const child = spawn(process.execPath, [...this.#args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true, env });
    this.#process = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#say(`${this.#name} cannot be started: ${error.message}`);
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (this.#wanted === 'running') this.#say(`${this.#name} ended (${signal ?? `exit ${code}`})`);
        resolve();
      });
    });
  }
}
