import type { Scope } from '../../agents/index.ts';
import { type OutputHolder, runWith } from '../output/attribution.ts';
import type { AgentTask } from './agent-task.ts';
import type { WorkItem } from './work-item.ts';

/** What a generator's lane has in hand. An output belongs to all that is held: none of it is finished before it. */
export class LaneScope implements Scope<unknown, unknown, unknown>, OutputHolder {
  readonly #task: AgentTask;
  #held: readonly WorkItem[] = [];

  constructor(task: AgentTask) {
    this.#task = task;
  }

  hold(deliveries: readonly unknown[]): void {
    this.#held = deliveries as readonly WorkItem[];
  }

  run<T>(work: () => T): T {
    return runWith(this, work);
  }

  emit(output: unknown): void {
    const last = this.#held.at(-1);
    if (last?.isInFlight) this.#task.emit(last, this, output);
  }

  get isCurrent(): boolean {
    return !this.#task.isAbandoned;
  }

  output(): (error?: unknown) => void {
    return together(this.#held.map((item) => item.output()));
  }

  work(): (error?: unknown) => void {
    return together(this.#held.map((item) => item.work()));
  }
}

function together(ends: ReadonlyArray<(error?: unknown) => void>): (error?: unknown) => void {
  return (error) => {
    for (const end of ends) end(error);
  };
}
