import { fileURLToPath } from 'node:url';
import { Child } from '../../shared/child.ts';

const GATE = new URL('./worker-gate.js', import.meta.url).href;
const CLI = fileURLToPath(new URL('./cli/main.js', import.meta.resolve('streamerjs')));
const APP = fileURLToPath(new URL('../app.js', import.meta.url));
const ASSIGNED_MS = 60_000;

export interface WorkersOptions {
  readonly count: number;
  /** Topic whose partitions every worker must have some of. */
  readonly shared: string;
  /** Called for what a worker has to say beside its progress. */
  onNote(text: string): void;
}

interface WorkerLine {
  readonly event?: string;
  readonly partitions?: readonly string[];
  readonly [field: string]: unknown;
}

/** `streamer worker -A customer-prediction --json`, several times, as processes. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #children: Child[];
  readonly #assigned: Array<Set<string>>;
  readonly #noted = new Set<Child>();
  #changed: () => void = () => {};

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#assigned = Array.from({ length: options.count }, () => new Set<string>());
    this.#children = this.#assigned.map((_, index) => this.#spawn(index));
  }

  /** Lets them begin, with the settings that they have waited for. */
  begin(env: Readonly<Record<string, string>>): void {
    for (const child of this.#children) child.send(env);
  }

  /** Resolves when every worker has partitions of the shared topic. @throws Error when one ends, or after a minute */
  async assigned(partitions: number): Promise<void> {
    const deadline = Date.now() + ASSIGNED_MS;
    const mine = (index: number) => [...(this.#assigned[index] ?? [])].filter((place) => place.startsWith(`${this.#options.shared}[`));
    for (;;) {
      for (const child of this.#children) if (child.hasFailed) throw child.failure();
      const shares = this.#children.map((_, index) => mine(index).length);
      if (shares.every((share) => share > 0) && shares.reduce((sum, share) => sum + share) === partitions) return;
      const left = deadline - Date.now();
      if (left <= 0) throw this.#unassigned(shares);
      await this.#change(left);
    }
  }

  /** `worker 1 (pid 4711): customer_pred[0] customer_seniors[1]` */
  describe(): string[] {
    return this.#children.map(({ name, pid }, index) => `${name} (pid ${pid})  ${[...(this.#assigned[index] ?? [])].sort().join('  ')}`);
  }

  /** One worker may go: the other takes its partitions over. @throws Error when none is left */
  check(): void {
    for (const child of this.#children) {
      if (!child.hasFailed || this.#noted.has(child)) continue;
      this.#noted.add(child);
      this.#options.onNote(`${child.failure().message}. The others take its partitions over.`);
    }
    const last = this.#children.at(-1);
    if (last !== undefined && this.#children.every((child) => child.hasFailed)) throw last.failure();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  kill(): void {
    for (const child of this.#children) child.kill();
  }

  #spawn(index: number): Child {
    const name = `worker ${index + 1}`;
    const child = new Child({
      name,
      args: [CLI, 'worker', '-A', APP, '--json'],
      before: [GATE],
      onLine: (line) => this.#heard(index, name, line),
    });
    void child.gone.then(() => this.#changed());
    return child;
  }

  #heard(index: number, name: string, text: string): void {
    const line = parsed(text);
    const places = this.#assigned[index];
    if (line.event === 'assigned') for (const place of line.partitions ?? []) places?.add(place);
    if (line.event === 'revoked') for (const place of line.partitions ?? []) places?.delete(place);
    if (line.event === 'waiting') this.#options.onNote(`${name}: agent ${String(line.agent)} waits: ${String(line.error)}`);
    if (line.event === 'resumed') this.#options.onNote(`${name}: agent ${String(line.agent)} goes on after ${String(line.waitedMs)} ms`);
    if (line.event === 'warning') this.#options.onNote(`${name}: ${String(line.error)}`);
    if (line.event === 'deadLetter') {
      this.#options.onNote(
        `${name}: dead letter of ${String(line.topic)}[${String(line.partition)}]@${String(line.offset)}: ${String(line.error)}`,
      );
    }
    this.#changed();
  }

  async #change(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  #unassigned(shares: readonly number[]): Error {
    const what = `after ${ASSIGNED_MS / 1_000} s the workers hold ${shares.join(' and ')} partitions of ${this.#options.shared}`;
    return new Error(`${what}.
  Another worker of the group may hold the others: stop it and try again.`);
  }
}

function parsed(text: string): WorkerLine {
  try {
    return JSON.parse(text) as WorkerLine;
  } catch {
    return {};
  }
}
