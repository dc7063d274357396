import { isDeepStrictEqual } from 'node:util';
import type { Agent } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import { preview } from '../../options/index.ts';
import { partitionOf, type Readable } from '../../topics/index.ts';
import { notNamed } from './table-host.ts';
import type { TableShard, TaskState } from './task-state.ts';

/** Where an agent gets its events from, as far as its writes depend on it. */
export interface WriteOrigin {
  readonly partition: TopicPartition;
  readonly serdes: Readable<unknown, unknown>['serdes'];
  /** Number of partitions of the topic; undefined while it is not known. */
  readonly partitions: number | undefined;
}

/**
 * The tables that one agent names, in one task. Under `order: 'key'` events of one key are handled one after the other, so an event
 * writes only entries of its own key; under `'partition'` also those of other keys of its partition. Without that rule two events
 * could change one entry side by side, and one of the changes would be lost.
 */
export class AgentTables {
  readonly #agent: Agent;
  readonly #origin: WriteOrigin;
  readonly #written: ReadonlyMap<string, TableShard>;
  readonly #read: ReadonlyMap<string, TableShard>;

  constructor(agent: Agent, { shards }: TaskState, origin: WriteOrigin) {
    const named = (tables: Agent['tables']) =>
      new Map(tables.flatMap(({ name }) => [shards.get(name)].flatMap((shard) => (shard === undefined ? [] : [[name, shard] as const]))));
    this.#agent = agent;
    this.#origin = origin;
    this.#written = named(agent.tables);
    this.#read = new Map([...named(agent.reads), ...this.#written]);
  }

  get agent(): string {
    return this.#agent.name;
  }

  /** True for an agent that writes: its events finish with their writes, before their outputs are acknowledged. */
  get areWritten(): boolean {
    return this.#written.size > 0;
  }

  /** @throws StreamerError `USAGE` when the agent does not name the table for this use */
  shardOf(table: string, use: 'read' | 'write'): TableShard {
    const shard = (use === 'write' ? this.#written : this.#read).get(table);
    if (shard === undefined) throw notNamed(table, this.agent, use);
    return shard;
  }

  /**
   * @param shardKey the key that an event must have to write the entry
   * @param eventKeys of the event, or of those that are handled together
   * @throws StreamerError `USAGE`
   */
  checkWrite(table: string, shardKey: unknown, eventKeys: readonly unknown[]): void {
    const isOwn = eventKeys.some((key) => key !== null && (key === shardKey || isDeepStrictEqual(key, shardKey)));
    if (isOwn || (this.#agent.order === 'partition' && this.#isOfPartition(shardKey))) return;
    const next =
      "Re-key the topic, so that each event has the key of the entries that it writes (groupBy), say with `shardBy` whose entries they are, or use order: 'partition' for keys of one partition.";
    throw new StreamerError('USAGE', this.#refusal(table, shardKey, eventKeys), { agent: this.agent, next });
  }

  #refusal(table: string, shardKey: unknown, eventKeys: readonly unknown[]): string {
    const what = `agent "${this.agent}" writes an entry of key ${preview(shardKey)} to table "${table}"`;
    if (eventKeys.every((key) => key === null)) return `${what}, and its event has no key`;
    const event = `its event has the key ${eventKeys.map(preview).join(' or ')}`;
    return this.#agent.order === 'partition' ? `${what}, which belongs to another partition: ${event}` : `${what}, and ${event}`;
  }

  #isOfPartition(shardKey: unknown): boolean {
    const { partition, partitions, serdes } = this.#origin;
    if (partitions === undefined) return false;
    const bytes = serdes.key.encode(shardKey as never, { topic: partition.topic, part: 'key' });
    return bytes instanceof Buffer && partitionOf(bytes, partitions) === partition.partition;
  }
}
