import type { Scope } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import type { TableAccess } from '../../tables/index.ts';
import { type OutputHolder, runWith } from '../output/attribution.ts';
import { notNamed } from '../state/table-host.ts';
import { type ItemTask, WorkItem } from './work-item.ts';

/** The items that a generator's lane holds. An output belongs to all of them: none is finished before it is acknowledged. */
export class LaneScope implements Scope<unknown, unknown, unknown>, OutputHolder {
  readonly #task: ItemTask;
  #held: readonly WorkItem[] = [];

  constructor(task: ItemTask) {
    this.#task = task;
  }

  get isCurrent(): boolean {
    return this.#task.outcomes.isCurrent;
  }

  hold(deliveries: readonly unknown[]): void {
    if (!areItems(deliveries)) throw new StreamerError('USAGE', 'a scope holds deliveries of its own inbox, and nothing else');
    this.#held = deliveries;
  }

  run<T>(work: () => T): T {
    return runWith(this, work);
  }

  emit(output: unknown): void {
    const last = this.#held.at(-1);
    if (last?.isWithHandler) this.#task.emit(last, this, output);
  }

  access(table: string, use: 'read' | 'write'): TableAccess {
    throw notNamed(table, this.#task.agent, use);
  }

  output(): (error?: unknown) => void {
    return together(this.#held.map((item) => item.output()));
  }

  work(): (error?: unknown) => void {
    return together(this.#held.map((item) => item.work()));
  }
}

function areItems(deliveries: readonly unknown[]): deliveries is readonly WorkItem[] {
  return deliveries.every((delivery) => delivery instanceof WorkItem);
}

function together(ends: ReadonlyArray<(error?: unknown) => void>): (error?: unknown) => void {
  return (error) => {
    for (const end of ends) end(error);
  };
}
