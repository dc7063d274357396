import { StreamerError } from '../../errors.ts';
import { EventState, type TableAccess } from '../../tables/index.ts';
import type { OutputHolder } from '../output/attribution.ts';
import type { Attempt } from '../work/attempt.ts';
import type { ItemEvent } from '../work/item-event.ts';
import type { AgentTables } from './agent-tables.ts';

/** An event in the hands of its handler. */
export interface HeldItem {
  readonly event: ItemEvent;
  readonly isCurrent: boolean;
  readonly currentAttempt: Attempt<unknown> | undefined;
}

/**
 * What one attempt at an event does, or at several that a generator took together, in a task with tables: reads, writes and outputs. A
 * handler that was given up goes on with the scope of its attempt, and nothing that it does counts: the next attempt has another.
 */
export class EventScope<T extends HeldItem = HeldItem> implements OutputHolder {
  readonly #tables: AgentTables;
  readonly items: readonly T[];
  readonly #attempts: ReadonlyArray<Attempt<unknown>>;
  readonly #state: EventState;
  /** Events whose handling has not ended. */
  #open: number;

  /** @param before the scope of the same events, when more have been added to them */
  constructor(tables: AgentTables, items: readonly T[], before?: EventScope<T>) {
    this.#tables = tables;
    this.items = items;
    this.#attempts = items.flatMap(({ currentAttempt }) => currentAttempt ?? []);
    this.#state = before === undefined ? new EventState(items.at(-1)?.event.timestamp) : before.#state;
    this.#open = items.length;
  }

  get isCurrent(): boolean {
    return this.items.every(({ isCurrent }) => isCurrent);
  }

  /** The events have finished, or this attempt was given up. */
  get isOver(): boolean {
    return !this.#attempts.some(({ isHeld }) => isHeld);
  }

  output(): (error?: unknown) => void {
    const [first] = this.#attempts;
    return first !== undefined && this.#attempts.length === 1
      ? first.output()
      : together(this.#attempts.map((attempt) => attempt.output()));
  }

  work(): (error?: unknown) => void {
    return together(this.#attempts.map((attempt) => attempt.work()));
  }

  placing(until: Promise<unknown>): void {
    for (const attempt of this.#attempts) attempt.placing(until);
  }

  access(table: string, use: 'read' | 'write'): TableAccess {
    const { shard } = this.#tables.shardOf(table, use);
    if (!this.isCurrent) throw new StreamerError('LOST', `table "${table}": the event belongs to another worker now`);
    if (this.isOver) throw over(table);
    return { shard, state: this.#state, checkWrite: this.#checkWrite };
  }

  /** The handling of one of the events has ended. Returns true when that of all has: they finish together. */
  ended(): boolean {
    this.#open--;
    return this.#open === 0;
  }

  /** The events have finished. */
  apply(): void {
    this.#state.apply();
  }

  readonly #checkWrite = (table: string, shardKey: unknown): void => {
    const keys = this.items.map(({ event }) => event.key);
    this.#tables.checkWrite(table, shardKey, keys);
  };
}

export function together(ends: ReadonlyArray<(error?: unknown) => void>): (error?: unknown) => void {
  return (error) => {
    for (const end of ends) end(error);
  };
}

function over(table: string): StreamerError {
  return new StreamerError('USAGE', `table "${table}" was used for an event that has finished, or was given up`, {
    next: 'Await everything that the handler begins.',
  });
}
