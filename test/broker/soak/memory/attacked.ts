import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../dist/src/cli/main.js', import.meta.url));

type Event = Readonly<Record<string, unknown>>;

/** A built command in a process of its own, whose memory is measured. Linux alone says what a process had at most. */
export class Attacked {
  readonly #child: ChildProcess;
  readonly #events: Event[] = [];
  readonly ended: Promise<number | null>;
  #look: () => void = () => {};
  stderr = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [MAIN, ...args, '--json'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    if (this.#child.stdout !== null) {
      createInterface(this.#child.stdout).on('line', (line) => {
        this.#events.push(JSON.parse(line) as Event);
        this.#look();
      });
    }
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
    void this.ended.then(() => this.#look());
  }

  /** Resolves to the first event that fits, also to one of the past. */
  async until(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const found = this.#events.find(fits);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode}: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  count(name: string): number {
    return this.#events.filter(({ event }) => event === name).length;
  }

  /** Most resident memory so far, and now. */
  memory(): { readonly mostMiB: number; readonly nowMiB: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const mib = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
    return { mostMiB: mib('VmHWM'), nowMiB: mib('VmRSS') };
  }

  async end(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }
}
