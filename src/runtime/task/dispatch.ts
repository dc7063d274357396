import { asStreamerError, StreamerError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import type { Counter } from '../../observe/index.ts';
import { type Readable, SerdeError } from '../../topics/index.ts';
import { type Replay, replayOf } from '../output/letters/replay.ts';
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
    if (decoded.error === undefined) this.#giveOrRefuse(record, decoded);
    else if (record.unreadable !== undefined && this.#parts.onUnreadable === 'stop') return this.#stop(decoded.error);
    else void this.#refuse(record, this.#placed(record, decoded.error));
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

  /** A replay for an agent that the app lacks is given to none, and not dropped either. */
  #giveOrRefuse(record: KafkaRecord, decoded: Decoded): void {
    const { partition, services } = this.#parts;
    const replay = replayOf(record, partition);
    const isLost = replay !== undefined && replay.app === services.letters.app && !this.#agents.some(({ agent }) => agent === replay.agent);
    if (isLost) void this.#refuse(record, unknownAgent(replay.agent, partition, record.offset), replay.agent);
    else this.#give(record, decoded, replay);
  }

  #give(record: KafkaRecord, decoded: Decoded, replay: Replay | undefined): void {
    const { tombstones } = this.#parts;
    if (decoded.value === null && tombstones === 'skip') this.#skipped.add();
    let isFirst = true;
    for (const agent of this.#agents) {
      const isExpected = decoded.value !== null || tombstones === 'deliver' || agent.runtime.agent.behaviour.tombstones === true;
      if (!isExpected || (replay !== undefined && !this.#isFor(replay, agent))) {
        agent.offsets.pass(record.offset);
        continue;
      }
      // Agents do not share a value: one that changes it must not change it for the others.
      const { key, value } = isFirst ? decoded : this.#decodeAgain(record, decoded);
      isFirst = false;
      agent.add(record, key, value);
    }
  }

  /** A replay of another app is for none: the agents here have had the record itself. */
  #isFor({ app, agent: name }: Replay, { agent }: AgentTask): boolean {
    return app === this.#parts.services.letters.app && name === agent;
  }

  #placed(record: KafkaRecord, error: unknown): unknown {
    return error instanceof SerdeError ? error.at({ ...this.#parts.partition, offset: record.offset }) : error;
  }

  /**
   * Writes the dead letter of a record that no agent gets: one, however many agents read it. The record counts as finished when
   * the letter is acknowledged; at once if it was written before a restart.
   *
   * @param unknown name of the agent that a replay is for; without it, the record does not decode
   */
  async #refuse(record: KafkaRecord, error: unknown, unknown?: string): Promise<void> {
    const { partition: origin, services, settled } = this.#parts;
    if (this.#agents.every((agent) => agent.offsets.hasFinished(record.offset))) {
      for (const agent of this.#agents) agent.offsets.pass(record.offset);
      return;
    }
    if (unknown === undefined) this.#undecodable.add();
    const waiting = this.#agents.map((agent) => {
      agent.letters.set(record.offset, record);
      return { agent, slot: agent.offsets.add(record.offset) };
    });
    await services.letters.write({ agent: unknown, origin, record, error, attempts: 1 });
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

function unknownAgent(agent: string, partition: TopicPartition, offset: number): StreamerError {
  const problem = `the record is the replay of a dead letter for agent "${agent}", and no agent of that name reads its topic`;
  const next = 'Replay it to another agent: streamer dlq replay --for AGENT.';
  return new StreamerError('UNKNOWN_AGENT', problem, { ...partition, offset, next });
}
