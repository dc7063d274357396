import { KafkaError } from '../../errors.ts';
import { readPositions, type Subscription, type TopicPartition } from '../../kafka/index.ts';
import { decodeCommit } from '../offsets/commit-metadata.ts';
import type { AssignedPartition } from './assignment.ts';
import { checkTables } from './commit-check.ts';
import type { MembershipParts } from './membership-parts.ts';
import { stablePositions } from './stable-positions.ts';
import { startOf } from './start-position.ts';
import type { Stateful } from './stateful.ts';
import { statefulStarts } from './stateful-starts.ts';

/** Reads where the partitions of an assignment start. */
export class Starts {
  readonly #subscription: Subscription;
  readonly #parts: MembershipParts;

  constructor(subscription: Subscription, parts: MembershipParts) {
    this.#subscription = subscription;
    this.#parts = parts;
  }

  /** @throws StreamerError (rejects); a retryable one may succeed later */
  async read(partitions: readonly TopicPartition[], epoch: number, isCurrent: () => boolean): Promise<AssignedPartition[]> {
    const { stateful } = this.#parts;
    return stateful === undefined ? this.#plain(partitions) : this.#stateful(stateful, partitions, epoch, isCurrent);
  }

  async #plain(partitions: readonly TopicPartition[]): Promise<AssignedPartition[]> {
    const { admin, settings } = this.#parts;
    const positions = await readPositions(this.#subscription, await admin(), partitions);
    return positions.map((position) => {
      const { topic, partition } = position;
      checkTables({ topic, partition }, decodeCommit(position.committed ?? 0, position.metadata).mark, []);
      return { partition: { topic, partition }, start: startOf(position, settings.onOffsetOutOfRange) };
    });
  }

  async #stateful(stateful: Stateful, partitions: readonly TopicPartition[], epoch: number, isCurrent: () => boolean) {
    const { admin, plan, settings, services } = this.#parts;
    const { fencing, transactionalId: writer, transactions } = stateful;
    // A transaction of this worker that did not end in order would hold its own positions.
    await transactions.settle();
    const parts = { subscription: this.#subscription, admin, fencing, clock: services.clock };
    const positions = await stablePositions(parts, partitions, epoch, isCurrent);
    if (!isCurrent()) return [];
    const starting = statefulStarts({ subscription: this.#subscription, plan, writer, ...settings }, positions, epoch);
    return starting.catch((cause: unknown) => {
      // The generation is over already: another assignment follows.
      if (cause instanceof KafkaError && cause.reason === 'stale') throw new KafkaError('retry', cause.message, { cause });
      throw cause;
    });
  }
}
