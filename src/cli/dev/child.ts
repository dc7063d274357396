import { type ChildProcess, spawn } from 'node:child_process';
import { deferred } from '../../timing/index.ts';

/** A Node process that can be restarted. One that ends by itself stays down until the next restart. */
export class Child {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #say: (text: string) => void;
  readonly #ready = deferred<void>();
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #wanted: 'running' | 'restarting' | 'stopped' = 'running';

  constructor(name: string, args: readonly string[], say: (text: string) => void) {
    this.#name = name;
    this.#args = args;
    this.#say = say;
    this.#start();
  }

  /** Resolves when the process has said that it is ready, or has ended. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Restarts the process. Calls while it is still ending make one restart. */
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
    // A process group of its own: a Ctrl-C of the terminal reaches it through this process alone, once.
    // The channel tells it when this process has ended, in whatever way (see main.ts).
    const env = { ...process.env, STREAMER_DEV_CHILD: '1' };
    const child = spawn(process.execPath, [...this.#args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true, env });
    this.#process = child;
    child.once('message', () => this.#ready.resolve());
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#say(`${this.#name} cannot be started: ${error.message}`);
        this.#ready.resolve();
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (this.#wanted === 'running') this.#say(`${this.#name} ended (${signal ?? `exit ${code}`})`);
        this.#ready.resolve();
        resolve();
      });
    });
  }
}
