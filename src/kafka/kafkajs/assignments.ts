import { KafkaError } from '../../errors.ts';
import { sleep, within } from '../../timing/index.ts';
import type { CommittedOffset, ConsumerSink, KafkaRecords, TopicPartition } from '../client.ts';
import { MadeRecords } from '../records.ts';
import type { Owned } from './assigner.ts';
import type { Member } from './cluster.ts';
import type { ConsumerOwner, GroupConsumer, ResolvedOptions } from './consumer.ts';
import { Epoch, type Position } from './epoch.ts';
import { toKafkaError } from './errors.ts';
import { commitError } from './group.ts';
import { log } from './log.ts';
import { readRanges } from './offsets.ts';

const FIRST_HEARTBEAT_MS = 2_000;

/** The epochs of one subscription: who owns what, from where it is read, and how it is handed over. */
export class Assignments implements ConsumerOwner {
  consumer: GroupConsumer | undefined;
  isClosing = false;
  onJoined: () => void = () => {};
  readonly #options: ResolvedOptions;
  readonly #sink: ConsumerSink;
  #epoch: Epoch | undefined;
  #count = 0;
  #owned: Owned = { generation: -1, partitions: {} };
  /** The awaited calls of the sink, one after the other. */
  #calls: Promise<void> = Promise.resolve();

  constructor(options: ResolvedOptions, sink: ConsumerSink) {
    this.#options = options;
    this.#sink = sink;
  }

  async beforeJoin(): Promise<void> {
    await this.drain();
    if (this.isClosing) throw Object.assign(new Error('the subscription is closing'), { retriable: false });
  }

  joined(member: Member, assignment: Readonly<Record<string, readonly number[]>>): void {
    this.lose();
    const { consumer } = this;
    if (this.isClosing || consumer === undefined) return;
    const epoch = new Epoch(++this.#count, member, assignment);
    this.#epoch = epoch;
    this.#owned = { generation: member.groupGenerationId, partitions: epoch.owned };
    consumer.pause(epoch.partitions);
    epoch.assigning = this.#assign(epoch, consumer, consumer.settleFetches());
    this.onJoined();
  }

  fetched(tp: TopicPartition, position: number, records: KafkaRecords, nextOffset: number): boolean {
    const epoch = this.#live();
    const own = epoch?.position(tp);
    if (epoch === undefined || own === undefined || own.paused) return false;
    own.next ??= position;
    if (position !== own.next) {
      void this.#recover(epoch, own, position);
      return false;
    }
    own.next = nextOffset;
    this.#sink.batch(own.tp, epoch.number, records, nextOffset);
    return true;
  }

  skipped(tp: TopicPartition, position: number, nextOffset: number): void {
    const epoch = this.#live();
    const own = epoch?.position(tp);
    if (epoch === undefined || own === undefined || position < (own.next ?? 0)) return;
    own.next = nextOffset;
    if (!own.paused) this.#sink.batch(own.tp, epoch.number, new MadeRecords([]), nextOffset);
  }

  reset(tp: TopicPartition, position: number): void {
    const own = this.#live()?.position(tp);
    if (own?.next === undefined || own.next === position) return;
    const expected = own.next;
    own.next = position;
    this.failed(outOfRange(own.tp, expected, position), false);
  }

  isIdle(): boolean {
    return !this.isClosing && (this.#epoch?.isIdle ?? false);
  }

  owned(): Owned {
    return this.#owned;
  }

  pause(partitions: readonly TopicPartition[]): void {
    const own = this.#positions(partitions);
    for (const position of own) position.paused = true;
    if (this.#live() !== undefined) this.consumer?.pause(own.map(({ tp }) => tp));
  }

  resume(partitions: readonly TopicPartition[]): void {
    const own = this.#positions(partitions);
    for (const position of own) position.paused = false;
    if (this.#live() !== undefined) this.consumer?.resume(own.map(({ tp }) => tp));
  }

  seek(tp: TopicPartition, offset: number): void {
    for (const own of this.#positions([tp])) {
      own.next = offset;
      if (this.#live() !== undefined) this.consumer?.seek(own.tp, offset);
    }
  }

  async commit(number: number, offsets: readonly CommittedOffset[]): Promise<void> {
    const epoch = this.#epoch;
    const { consumer } = this;
    if (epoch === undefined || consumer === undefined || epoch.number !== number || epoch.state === 'over') {
      throw new KafkaError('stale', `epoch ${number} of group "${this.#options.groupId}" is over`);
    }
    const foreign = offsets.find((tp) => epoch.position(tp) === undefined);
    if (foreign !== undefined) throw new KafkaError('stale', `the partition is not assigned in epoch ${number}`, { ...place(foreign) });
    await consumer.group.commit(epoch.member, offsets).catch((cause: unknown) => {
      const topics = [...new Set(offsets.map(({ topic }) => topic))];
      throw commitError(cause, this.#options.groupId, (error) => consumer.explain(error, topics));
    });
  }

  /** Has the owner finish its work, while heartbeats go on; the epoch is over afterwards. */
  async drain(): Promise<void> {
    const epoch = this.#epoch;
    if (epoch === undefined || epoch.state === 'over') return;
    epoch.draining ??= this.#drain(epoch);
    await epoch.draining;
  }

  /** The epoch is over without a drain. */
  lose(epoch = this.#epoch): void {
    if (epoch === undefined || epoch.state === 'over') return;
    epoch.state = 'over';
    if (epoch.isAnnounced) this.#tell('lost', () => this.#sink.lost(epoch.partitions, epoch.number));
  }

  failed(error: KafkaError, isFatal: boolean): void {
    this.#tell('failed', () => this.#sink.failed(error, isFatal));
  }

  async #assign(epoch: Epoch, consumer: GroupConsumer, oldFetches: Promise<void>): Promise<void> {
    try {
      // A connection may have broken unseen.
      const { takeOverTimeoutMs } = this.#options;
      const taken = await within(
        this.#takeOver(epoch, consumer).then(() => true),
        takeOverTimeoutMs,
      );
      if (taken === undefined) throw new Error(`not done within ${takeOverTimeoutMs} ms`);
      await oldFetches;
      if (epoch.state !== 'assigning') return;
      for (const { tp, next } of epoch.positions) if (next !== undefined) consumer.seek(tp, next);
      epoch.state = 'live';
      consumer.resume([...epoch.positions].filter(({ paused }) => !paused).map(({ tp }) => tp));
    } catch (error) {
      consumer.fail(toKafkaError(error, `taking over the partitions of epoch ${epoch.number}`));
    }
  }

  async #takeOver(epoch: Epoch, consumer: GroupConsumer): Promise<void> {
    await this.#place(epoch, consumer);
    await this.#call(async () => {
      if (epoch.state !== 'assigning') return;
      epoch.isAnnounced = true;
      await this.#sink.assigned(epoch.partitions, epoch.number);
    });
  }

  /** Where each partition is read from, unless the owner seeks: what was committed, if that still exists. */
  async #place(epoch: Epoch, consumer: GroupConsumer): Promise<void> {
    const [committed, ranges] = await Promise.all([
      consumer.group.committed(epoch.partitions),
      readRanges(consumer.cluster, epoch.partitions).catch(() => []),
    ]);
    epoch.partitions.forEach((tp, index) => {
      const own = epoch.position(tp);
      const offset = committed[index]?.offset ?? -1;
      const range = ranges.find((each) => isSame(each, tp));
      if (own === undefined) return;
      const start = this.#options.start === 'earliest' ? range?.earliest : range?.latest;
      const isUsable = offset >= 0 && (range === undefined || (offset >= range.earliest && offset <= range.latest));
      own.next = isUsable ? offset : start;
      if (offset >= 0 && !isUsable && start !== undefined) this.failed(outOfRange(tp, offset, start), false);
    });
  }

  async #drain(epoch: Epoch): Promise<void> {
    const { consumer } = this;
    epoch.state = 'draining';
    consumer?.pause(epoch.partitions);
    consumer?.wake();
    if (consumer === undefined || (await within(consumer.group.isAlive(epoch.member), FIRST_HEARTBEAT_MS)) === false)
      return this.lose(epoch);
    const over = new AbortController();
    const deadline = Date.now() + this.#options.drainTimeoutMs;
    const outcome = await Promise.race([
      this.#revoke(epoch, deadline).then(() => 'done'),
      this.#untilLost(epoch, consumer, over.signal).then(() => 'lost'),
      sleep(this.#options.drainTimeoutMs, over.signal).then(() => 'late'),
    ]);
    over.abort();
    if (outcome === 'lost') return this.lose(epoch);
    if (outcome === 'late')
      log.info('the work of epoch {epoch} was not finished within {ms} ms', { epoch: epoch.number, ms: this.#options.drainTimeoutMs });
    epoch.state = 'over';
  }

  async #revoke(epoch: Epoch, deadline: number): Promise<void> {
    await epoch.assigning;
    if (!epoch.isAnnounced) return;
    await this.#call(() => this.#sink.revoking(epoch.partitions, epoch.number, deadline)).catch((error: unknown) => {
      log.error('revoking failed: {error}', { error });
    });
  }

  /** kafkajs sends no heartbeat while it waits for the join to go on. */
  async #untilLost(epoch: Epoch, consumer: GroupConsumer, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.heartbeatIntervalMs, signal);
      if (!signal.aborted && !(await consumer.group.isAlive(epoch.member))) return;
    }
  }

  /**
   * The client reads on at a place where we are not: bring it back, or accept it where ours is gone. What it read may
   * also have been on its way when a seek came; then bringing it back changes nothing.
   */
  async #recover(epoch: Epoch, own: Position, found: number): Promise<void> {
    const { consumer } = this;
    if (consumer === undefined || own.isRecovering) return;
    own.isRecovering = true;
    consumer.pause([own.tp]);
    const [range] = await readRanges(consumer.cluster, [own.tp]).catch(() => []);
    own.isRecovering = false;
    if (this.#live() !== epoch) return;
    const expected = own.next ?? found;
    if (range !== undefined && (expected < range.earliest || expected > range.latest)) {
      own.next = found;
      this.failed(outOfRange(own.tp, expected, found), false);
    }
    consumer.seek(own.tp, own.next ?? found);
    if (!own.paused) consumer.resume([own.tp]);
  }

  /** One awaited call at a time; one that never ends holds up the next for no longer than a drain may take. */
  #call(work: () => Promise<void>): Promise<void> {
    const before = this.#calls;
    const call = (async () => {
      await within(before, this.#options.drainTimeoutMs).catch(() => {});
      await work();
    })();
    this.#calls = call.catch(() => {});
    return call;
  }

  #tell(name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error(`${name} failed: {error}`, { error });
    }
  }

  #live(): Epoch | undefined {
    return this.#epoch?.state === 'live' ? this.#epoch : undefined;
  }

  #positions(partitions: readonly TopicPartition[]): Position[] {
    return partitions.flatMap((tp) => this.#epoch?.position(tp) ?? []);
  }
}

const isSame = (a: TopicPartition, b: TopicPartition): boolean => a.topic === b.topic && a.partition === b.partition;

const place = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });

function outOfRange(tp: TopicPartition, offset: number, start: number): KafkaError {
  return new KafkaError('retry', `offset ${offset} does not exist any more; reading goes on at ${start}`, {
    ...place(tp),
    offset,
    kafkaCode: 'OFFSET_OUT_OF_RANGE',
    next: 'The log was cut or the topic was made anew: check its retention.',
  });
}
