import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const KEPT = 4_000;

/** A model server as a process group of its own, as the Python ones start children. */
export class ServerProcess {
  readonly #child: ChildProcess;
  #said = '';

  constructor([command = '', ...args]: readonly string[], { cwd, env = {} }: ProcessOptions) {
    this.#child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text: Buffer) => (this.#said = `${this.#said}${text}`.slice(-KEPT)));
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get said(): string {
    return this.#said;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.isGone && this.#child.pid !== undefined) process.kill(-this.#child.pid, name);
  }

  async kill(): Promise<void> {
    if (this.isGone) return;
    const gone = once(this.#child, 'exit');
    this.signal('SIGKILL');
    await gone;
  }
}

/** Runs a command to its end. @throws Error with what it said, when that is not 0 */
export async function finished(command: readonly string[], options: ProcessOptions): Promise<string> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return said;
}
