import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import type { Counter, Telemetry } from '../../observe/index.ts';
import { type Readable, SerdeError } from '../../topics/index.ts';
import { REPLAY_AGENT_HEADER } from '../output/letters/dead-letters.ts';
import type { Letters } from '../output/letters/letters.ts';
import type { AgentTask } from '../work/agent-task.ts';
import type { Decoded, RecordDecoder } from './decoder.ts';

/** Gives each decoded record of a partition to the agents that are to have it, and what does not decode to the dead letters. */
export class Dispatch {
  readonly #partition: TopicPartition;
  readonly #tombstones: Readable<unknown, unknown>['tombstones'];
  readonly #agents: readonly AgentTask[];
  readonly #decoder: RecordDecoder;
  readonly #letters: Letters;
  readonly #skipped: Counter;
  readonly #undecodable: Counter;

  constructor(
    partition: TopicPartition,
    readable: Readable<unknown, unknown>,
    agents: readonly AgentTask[],
    decoder: RecordDecoder,
    { letters, telemetry }: { readonly letters: Letters; readonly telemetry: Telemetry },
  ) {
    const { topic } = partition;
    this.#partition = partition;
    this.#tombstones = readable.tombstones;
    this.#agents = agents;
    this.#decoder = decoder;
    this.#letters = letters;
    this.#skipped = telemetry.counter('tombstones_skipped_total', { topic });
    this.#undecodable = telemetry.counter('undecodable_total', { topic });
  }

  give(record: KafkaRecord, decoded: Decoded): void {
    if (decoded.value === null && this.#tombstones === 'skip') this.#skipped.add();
    const only = record.headers[REPLAY_AGENT_HEADER]?.toString();
    let isFirst = true;
    for (const agent of this.#agents) {
      const isExpected = decoded.value !== null || this.#tombstones === 'deliver' || agent.runtime.agent.behaviour.tombstones === true;
      if (!isExpected || (only !== undefined && only !== agent.agent)) {
        agent.offsets.pass(record.offset);
        continue;
      }
      // Agents do not share a value: one that changes it must not change it for the others.
      const { key, value } = isFirst ? decoded : this.#decodeAgain(record, decoded);
      isFirst = false;
      agent.add(record, key, value);
    }
  }

  /**
   * Writes the dead letter of a record that does not decode: one, however many agents read it. It counts as finished when the
   * letter is acknowledged. Returns undefined for a record whose letter was written before a restart.
   */
  refuse(record: KafkaRecord, error: unknown): Promise<void> | undefined {
    if (this.#agents.every((agent) => agent.offsets.hasFinished(record.offset))) {
      for (const agent of this.#agents) agent.offsets.pass(record.offset);
      return undefined;
    }
    this.#undecodable.add();
    const waiting = this.#agents.map((agent) => {
      agent.letters.set(record.offset, record);
      return { agent, slot: agent.offsets.add(record.offset) };
    });
    const origin = this.#partition;
    const placed = error instanceof SerdeError ? error.at({ ...origin, offset: record.offset }) : error;
    return this.#letters.write({ agent: undefined, origin, record, error: placed, attempts: 1 }).then(() => {
      for (const { agent, slot } of waiting) {
        agent.letters.delete(record.offset);
        agent.offsets.finish(slot);
      }
    });
  }

  #decodeAgain(record: KafkaRecord, first: Decoded): Decoded {
    const decoded = this.#decoder.decode(record);
    // Results of asynchronous serdes are shared: waiting once more would let later records overtake.
    return decoded instanceof Promise ? first : decoded;
  }
}
