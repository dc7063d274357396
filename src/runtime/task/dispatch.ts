import { asStreamerError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import type { Counter } from '../../observe/index.ts';
import { type Readable, SerdeError } from '../../topics/index.ts';
import { REPLAY_AGENT_HEADER } from '../output/letters/dead-letters.ts';
import type { Services } from '../services.ts';
import type { AgentTask } from '../work/agent-task.ts';
import type { Decoded, RecordDecoder } from './decoder.ts';

/** What happens at a record batch that cannot be read: the worker ends, or the batch goes to the dead letters. */
export type UnreadablePolicy = 'stop' | 'skip';

export interface DispatchParts {
  readonly partition: TopicPartition;
  readonly tombstones: Readable<unknown, unknown>['tombstones'];
  readonly agents: readonly AgentTask[];
  readonly decoder: RecordDecoder;
  readonly services: Pick<Services, 'letters' | 'telemetry' | 'fail'>;
  readonly onUnreadable: UnreadablePolicy;
  /** Called when a record that does not decode counts as finished. */
  readonly settled: () => void;
}

/** Gives each decoded record of a partition to the agents that are to have it, and what does not decode to the dead letters. */
export class Dispatch {
  readonly #parts: DispatchParts;
  readonly #agents: readonly AgentTask[];
  readonly #received: Counter;
  readonly #skipped: Counter;
  readonly #undecodable: Counter;

  constructor(parts: DispatchParts) {
    const { topic } = parts.partition;
    const { telemetry } = parts.services;
    this.#parts = parts;
    this.#agents = parts.agents;
    this.#received = telemetry.counter('records_received_total', { topic });
    this.#skipped = telemetry.counter('tombstones_skipped_total', { topic });
    this.#undecodable = telemetry.counter('undecodable_total', { topic });
  }

  /** Returns false if the worker ends at this record: none of the partition may be taken after it. */
  take(record: KafkaRecord, decoded: Decoded): boolean {
    if (decoded.error === undefined) this.#give(record, decoded);
    else if (record.unreadable !== undefined && this.#parts.onUnreadable === 'stop') return this.#stop(decoded.error);
    else void this.#refuse(record, decoded.error);
    return true;
  }

  #stop(error: unknown): false {
    this.#parts.services.fail(asStreamerError(error), { drains: true });
    return false;
  }

  /** So many records have been taken: agents that wait for some go on. */
  wake(taken: number): void {
    if (taken === 0) return;
    this.#received.add(taken);
    for (const agent of this.#agents) agent.wake();
  }

  #give(record: KafkaRecord, decoded: Decoded): void {
    const { tombstones } = this.#parts;
    if (decoded.value === null && tombstones === 'skip') this.#skipped.add();
    const only = record.headers[REPLAY_AGENT_HEADER]?.toString();
    let isFirst = true;
    for (const agent of this.#agents) {
      const isExpected = decoded.value !== null || tombstones === 'deliver' || agent.runtime.agent.behaviour.tombstones === true;
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
   * Writes the dead letter of a record that does not decode: one, however many agents read it. The record counts as finished
   * when the letter is acknowledged; at once if it was written before a restart.
   */
  async #refuse(record: KafkaRecord, error: unknown): Promise<void> {
    const { partition: origin, services, settled } = this.#parts;
    if (this.#agents.every((agent) => agent.offsets.hasFinished(record.offset))) {
      for (const agent of this.#agents) agent.offsets.pass(record.offset);
      return;
    }
    this.#undecodable.add();
    const waiting = this.#agents.map((agent) => {
      agent.letters.set(record.offset, record);
      return { agent, slot: agent.offsets.add(record.offset) };
    });
    const placed = error instanceof SerdeError ? error.at({ ...origin, offset: record.offset }) : error;
    await services.letters.write({ agent: undefined, origin, record, error: placed, attempts: 1 });
    for (const { agent, slot } of waiting) {
      agent.letters.delete(record.offset);
      agent.offsets.finish(slot);
    }
    settled();
  }

  #decodeAgain(record: KafkaRecord, first: Decoded): Decoded {
    const decoded = this.#parts.decoder.decode(record);
    // Results of asynchronous serdes are shared: waiting once more would let later records overtake.
    return decoded instanceof Promise ? first : decoded;
  }
}
