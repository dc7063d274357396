import type { Agent } from '../../../agents/index.ts';
import type { KafkaRecord } from '../../../kafka/index.ts';
import { murmur2 } from '../../../topics/index.ts';

/** Says which records of a partition an agent may take side by side: those of different units, and those without one. */
export class OrderKeeper {
  readonly #agent: Agent;
  #spread = 0;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  get hasLanes(): boolean {
    return this.#agent.behaviour.unit === 'lane';
  }

  /** What order is kept within: undefined = none. */
  unitOf(record: KafkaRecord): number | undefined {
    const { order, concurrency } = this.#agent;
    if (order === 'none') return undefined;
    if (order === 'partition') return 0;
    // Two keys of one hash share a unit: a retry of the one holds the other too. Strings of the keys cost 0.3 us an event.
    if (!this.hasLanes) return record.key === null ? undefined : murmur2(record.key);
    return (record.key === null ? this.#spread++ : murmur2(record.key) & 0x7fffffff) % concurrency;
  }
}
