import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const KEPT = 4_000;

/** A model server with all the processes that it starts: BentoML gives its workers sessions of their own, so that no group holds them. */
export class ServerProcess {
  readonly #child: ChildProcess;
  #said = '';

  constructor([command = '', ...args]: readonly string[], { cwd, env = {} }: ProcessOptions) {
    this.#child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
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
    if (this.isGone || this.#child.pid === undefined) return;
    for (const pid of treeOf(this.#child.pid)) send(pid, name);
  }

  async kill(): Promise<void> {
    if (this.isGone) return;
    const gone = once(this.#child, 'exit');
    this.signal('SIGKILL');
    await gone;
  }
}

/** The process and all its descendants, itself first, so that it cannot replace those that go. */
function treeOf(root: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const parents = lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const tree = [root];
  for (let at = 0; at < tree.length; at++) tree.push(...parents.filter(([, parent]) => parent === tree[at]).map(([pid]) => pid));
  return tree;
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
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
