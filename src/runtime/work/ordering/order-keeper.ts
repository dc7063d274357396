import type { Agent } from '../../../agents/index.ts';
import { murmur2 } from '../../../topics/index.ts';

/** Says which items an agent may take side by side: those of different units, and those without one. */
export class OrderKeeper {
  readonly #agent: Agent;
  #spread = 0;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  get hasLanes(): boolean {
    return this.#agent.behaviour.unit === 'lane';
  }

  /** Returns the unit that order is kept within; undefined for none. */
  unitOf({ key }: { readonly key: Buffer | null }): number | undefined {
    const { order, concurrency } = this.#agent;
    if (order === 'none') return undefined;
    if (order === 'partition') return 0;
    // Two keys of one hash share a unit: a retry of one holds the other too. Strings of the keys cost 0.3 us an event.
    if (!this.hasLanes) return key === null ? undefined : murmur2(key);
    return (key === null ? this.#spread++ : murmur2(key) & 0x7fffffff) % concurrency;
  }
}
