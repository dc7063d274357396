import { KafkaError } from '../../errors.ts';
import type { CommittedOffset, ConsumerSink, GroupMembership, KafkaRecords, TopicPartition } from '../client.ts';
import type { Member } from './cluster.ts';
import type { ConsumerOwner, GroupConsumer, ResolvedOptions } from './consumer.ts';
import { Deliveries } from './deliveries.ts';
import { Epoch, type Position } from './epoch.ts';
import { toKafkaError } from './errors.ts';
import { commitError } from './group.ts';
import { Handover } from './handover.ts';
import { log } from './log.ts';
import { EMPTY_MEMBER, type MemberData } from './member-data.ts';

/** The epochs of one subscription: who owns what, what is paused, and where each partition is read. */
export class Assignments implements ConsumerOwner {
  consumer: GroupConsumer | undefined;
  isClosing = false;
  onJoined: () => void = () => {};
  readonly #options: ResolvedOptions;
  readonly #sink: ConsumerSink;
  readonly #handover: Handover;
  readonly #deliveries: Deliveries;
  #epoch: Epoch | undefined;
  #count = 0;
  #member: MemberData = EMPTY_MEMBER;

  constructor(options: ResolvedOptions, sink: ConsumerSink) {
    this.#options = options;
    this.#sink = sink;
    this.#handover = new Handover(options, sink);
    this.#deliveries = new Deliveries(sink, (error) => this.failed(error, false));
    this.#member = { ...EMPTY_MEMBER, coPartitioned: options.coPartitioned, ...options.stateful };
  }

  async beforeJoin(): Promise<void> {
    await this.drain();
    if (this.isClosing) throw Object.assign(new Error('the subscription is closing'), { retriable: false });
  }

  joined(member: Member, assignment: Readonly<Record<string, readonly number[]>>, transactionalIds: readonly string[]): void {
    this.lose();
    const { consumer } = this;
    if (this.isClosing || consumer === undefined) return;
    const epoch = new Epoch(++this.#count, member, assignment, transactionalIds);
    this.#epoch = epoch;
    this.#member = { ...this.#member, generation: member.groupGenerationId, partitions: epoch.owned };
    consumer.pause(epoch.partitions);
    epoch.assigning = this.#assign(epoch, consumer, consumer.settleFetches());
    this.onJoined();
  }

  fetched(tp: TopicPartition, position: number, records: KafkaRecords, nextOffset: number): boolean {
    const epoch = this.#live();
    if (epoch === undefined || this.consumer === undefined) return false;
    return this.#deliveries.fetched(epoch, this.consumer, tp, position, records, nextOffset);
  }

  skipped(tp: TopicPartition, position: number, nextOffset: number): void {
    const epoch = this.#live();
    if (epoch !== undefined) this.#deliveries.skipped(epoch, tp, position, nextOffset);
  }

  reset(tp: TopicPartition, position: number): void {
    const epoch = this.#live();
    if (epoch !== undefined) this.#deliveries.reset(epoch, tp, position);
  }

  isIdle(): boolean {
    return !this.isClosing && (this.#epoch?.isIdle ?? false);
  }

  member(): MemberData {
    return this.#member;
  }

  pause(partitions: readonly TopicPartition[]): void {
    const own = this.#positions(partitions);
    for (const position of own) position.paused = true;
    if (this.#live() !== undefined) this.consumer?.pause(own.map(({ tp }) => tp));
  }

  resume(partitions: readonly TopicPartition[]): void {
    const own = this.#positions(partitions);
    for (const position of own) position.paused = false;
    if (this.#live() !== undefined) this.consumer?.resume(own.filter(isFetched).map(({ tp }) => tp));
  }

  /** The first seek of an epoch also releases the partition, which is held until its position is known. */
  seek(epoch: number, tp: TopicPartition, offset: number): void {
    if (this.#epoch?.number !== epoch) return;
    for (const own of this.#positions([tp])) {
      const isFirst = own.next === undefined;
      own.next = offset;
      if (this.#live() === undefined) continue;
      this.consumer?.seek(own.tp, offset);
      if (isFirst && !own.paused) this.consumer?.resume([own.tp]);
    }
  }

  async commit(number: number, offsets: readonly CommittedOffset[]): Promise<void> {
    const epoch = this.#epoch;
    const { consumer } = this;
    if (epoch === undefined || consumer === undefined || epoch.number !== number || epoch.state === 'over') {
      throw new KafkaError('stale', `epoch ${number} of group "${this.#options.groupId}" is over`);
    }
    const foreign = offsets.find((tp) => epoch.position(tp) === undefined);
    if (foreign !== undefined) {
      const { topic, partition } = foreign;
      throw new KafkaError('stale', `the partition is not assigned in epoch ${number}`, { topic, partition });
    }
    await consumer.group.commit(epoch.member, offsets).catch((cause: unknown) => {
      const topics = [...new Set(offsets.map(({ topic }) => topic))];
      throw commitError(cause, this.#options.groupId, (error) => consumer.explain(error, topics));
    });
  }

  /** @throws KafkaError `stale` once the epoch is over */
  memberIn(number: number): GroupMembership {
    const { groupId } = this.#options;
    if (this.#epoch?.number !== number || this.#epoch.state === 'over')
      throw new KafkaError('stale', `epoch ${number} of group "${groupId}" is over`);
    const { memberId, groupGenerationId: generationId } = this.#epoch.member;
    return { groupId, memberId, generationId };
  }

  transactionalIdsIn(number: number): readonly string[] {
    return this.#epoch?.number === number && this.#epoch.state !== 'over' ? this.#epoch.transactionalIds : [];
  }

  /** Ends the consumer of an epoch, so that a new one joins. No effect once the epoch is over. */
  rejoin(number: number, reason: KafkaError): void {
    if (this.#epoch?.number === number && this.#epoch.state !== 'over') this.consumer?.fail(reason);
  }

  async drain(): Promise<void> {
    if (this.#epoch !== undefined) await this.#handover.drain(this.#epoch, this.consumer);
  }

  /** The epoch is over without a drain. */
  lose(): void {
    if (this.#epoch !== undefined) this.#handover.lose(this.#epoch);
  }

  failed(error: KafkaError, isFatal: boolean): void {
    try {
      this.#sink.failed(error, isFatal);
    } catch (cause) {
      log.error('failed failed: {error}', { error: cause });
    }
  }

  async #assign(epoch: Epoch, consumer: GroupConsumer, oldFetches: Promise<void>): Promise<void> {
    try {
      await this.#handover.announce(epoch);
      await oldFetches;
      if (epoch.state !== 'assigning') return;
      const fetched = [...epoch.positions].filter(isFetched);
      for (const { tp, next } of fetched) if (next !== undefined) consumer.seek(tp, next);
      epoch.state = 'live';
      consumer.resume(fetched.map(({ tp }) => tp));
    } catch (error) {
      consumer.fail(toKafkaError(error, `taking over the partitions of epoch ${epoch.number}`));
    }
  }

  #live(): Epoch | undefined {
    return this.#epoch?.state === 'live' ? this.#epoch : undefined;
  }

  #positions(partitions: readonly TopicPartition[]): Position[] {
    return partitions.flatMap((tp) => this.#epoch?.position(tp) ?? []);
  }
}

const isFetched = ({ paused, next }: Position): boolean => !paused && next !== undefined;
