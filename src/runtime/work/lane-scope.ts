import type { Scope } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import type { TableAccess } from '../../tables/index.ts';
import { type OutputHolder, runWith } from '../output/attribution.ts';
import type { AgentTables } from '../state/agent-tables.ts';
import { EventScope, together } from '../state/event-scope.ts';
import { notNamed, outsideOfEvents } from '../state/table-host.ts';
import { type ItemTask, WorkItem } from './work-item.ts';

/** The items that a generator's lane holds. An output belongs to all of them: none is finished before it is acknowledged. */
export class LaneScope implements Scope<unknown, unknown, unknown>, OutputHolder {
  readonly #task: ItemTask;
  #held: readonly WorkItem[] = [];
  /** In a task with tables: of what it holds. */
  #together: EventScope<WorkItem> | undefined;

  constructor(task: ItemTask) {
    this.#task = task;
  }

  get isCurrent(): boolean {
    return this.#task.outcomes.isCurrent;
  }

  hold(deliveries: readonly unknown[]): void {
    if (!areItems(deliveries)) throw new StreamerError('USAGE', 'a scope holds deliveries of its own inbox, and nothing else');
    const { tables } = this.#task;
    if (tables !== undefined) this.#share(tables, deliveries);
    this.#held = deliveries;
  }

  /** Also before the generator has read the first of them: what it has written by then is kept. */
  #share(tables: AgentTables, items: readonly WorkItem[]): void {
    const before = items[0] === this.#held[0] ? this.#together : undefined;
    this.#together = items.length === 0 ? undefined : new EventScope(tables, items, before);
    for (const item of items) item.scope = this.#together;
  }

  get isOver(): boolean {
    return this.#together?.isOver === true;
  }

  run<T>(work: () => T): T {
    return runWith(this, work);
  }

  emit(output: unknown): void {
    const last = this.#held.at(-1);
    if (last?.isWithHandler) this.#task.emit(last, this.#together ?? this, output);
  }

  access(table: string, use: 'read' | 'write'): TableAccess {
    if (this.#task.tables === undefined) throw notNamed(table, this.#task.agent, use);
    if (this.#together === undefined) throw outsideOfEvents(table);
    return this.#together.access(table, use);
  }

  placing(until: Promise<unknown>): void {
    this.#together?.placing(until);
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
