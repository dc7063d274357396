import { expect } from 'vitest';
import type { Partition } from '../../../src/broker/catalog/partition.ts';
import { Cluster } from '../../../src/broker/cluster.ts';
import { DiskLog } from '../../../src/broker/log/disk-log.ts';
import { resolveOptions } from '../../../src/broker/options.ts';
import type { BrokerStorage } from '../../../src/broker/storage/broker-storage.ts';
import { openDiskStorage } from '../../../src/broker/storage/disk-storage.ts';
import { ErrorCode, Refusal } from '../../../src/wire/error-code.ts';
import { readBatch } from '../../../src/wire/record-batch.ts';
import { batch } from '../../helpers/wire.ts';
import { checkCommits, checkPartition } from './life-checks.ts';
import type { SimDisk } from './sim-disk.ts';
import { type Asked, type Life, type Sent, startOf, type Writer } from './topic-life.ts';

export type Action =
  | { readonly type: 'create'; readonly topic: number; readonly partitions: number; readonly segmentBytes: number }
  | { readonly type: 'delete'; readonly topic: number }
  | { readonly type: 'grow'; readonly topic: number }
  | { readonly type: 'produce'; readonly topic: number; readonly producer: number; readonly records: number }
  | { readonly type: 'commit'; readonly topic: number; readonly group: number }
  | { readonly type: 'delete-records'; readonly topic: number; readonly at: number }
  | { readonly type: 'retain'; readonly topic: number; readonly bytes: number }
  | { readonly type: 'sync' }
  | { readonly type: 'settle' }
  | { readonly type: 'restart' };

const DATA = '/data';
const noLock = async () => ({ release: async () => {} });

/** A broker on a disk that fails, and what its clients know of it. */
export class StorageModel {
  readonly durability: 'os' | 'fsync';
  readonly #keepsPromises: boolean;
  readonly #everyLife = new Map<number, Life>();
  #disk: SimDisk;
  #cluster: Cluster | undefined;
  readonly #lives = new Map<string, Asked<Life | undefined>[]>();
  readonly #waiting = new Set<Promise<void>>();
  readonly #givenIds = new Set<number>();
  #count = 0;

  /** @param keepsPromises false when crashes take what the durability does not cover: then only nothing may be invented */
  constructor(durability: 'os' | 'fsync', keepsPromises: boolean, disk: SimDisk) {
    this.durability = durability;
    this.#keepsPromises = keepsPromises;
    this.#disk = disk;
  }

  get isCrashed(): boolean {
    return this.#disk.isCrashed;
  }

  /** @returns whether it could be opened */
  async open(disk = this.#disk): Promise<boolean> {
    this.#disk = disk;
    let storage: BrokerStorage | undefined;
    try {
      storage = await openDiskStorage({ folder: DATA, durability: this.durability, report: () => {} }, disk, noLock);
      this.#cluster = new Cluster(resolveOptions({}), storage);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG' });
      await storage?.close(false);
      return false;
    }
  }

  async run(action: Action): Promise<void> {
    switch (action.type) {
      case 'create':
        return this.#create(`t${action.topic}`, action.partitions, action.segmentBytes);
      case 'delete':
        return this.#remove(`t${action.topic}`);
      case 'grow':
        return this.#grow(`t${action.topic}`);
      case 'produce':
        return this.#produce(`t${action.topic}`, action.producer, action.records);
      case 'commit':
        return this.#commit(`t${action.topic}`, `g${action.group}`);
      case 'delete-records':
        return this.#deleteRecords(`t${action.topic}`, action.at);
      case 'retain':
        return this.#retain(`t${action.topic}`, action.bytes);
      case 'sync':
        for (const { log } of this.#partitions()) if (log instanceof DiskLog) await log.sync().catch(() => {});
        return;
      case 'settle':
        await Promise.all(this.#waiting);
        return;
      case 'restart':
        await Promise.all(this.#waiting);
        await this.close();
        return this.#reopen();
    }
  }

  /** A fault may keep it from opening, but not for ever. */
  async #reopen(): Promise<void> {
    for (let attempt = 0; attempt < 10 && !this.isCrashed; attempt++) {
      if (!(await this.open())) continue;
      return this.isCrashed ? undefined : this.check();
    }
    expect(this.isCrashed, 'it can be opened again').toBe(true);
  }

  async close(): Promise<void> {
    await this.#cluster?.close();
    await Promise.all(this.#waiting);
  }

  check(): void {
    this.#disk.isCalm = true;
    for (const [name, asked] of this.#lives) {
      const life = this.#checkLife(name, asked);
      this.#lives.set(name, [{ value: life, isAcknowledged: true }]);
      if (life === undefined) continue;
      for (const partition of this.#topics().get(name)?.partitions ?? []) checkPartition(life, partition, this.#keepsPromises);
      checkCommits((this.#cluster as Cluster).groups, life, this.#keepsPromises);
    }
    if (!this.#keepsPromises) this.#givenIds.clear();
    this.#disk.isCalm = false;
  }

  /** Producers go on where they were: what they were not sure of is sent again, and is there once. */
  async finish(): Promise<void> {
    for (const asked of this.#lives.values()) {
      const life = asked.at(-1)?.value;
      if (life === undefined) continue;
      for (const [key, writer] of life.writers) {
        const [index] = key.split('-').map(Number) as [number];
        const partition = this.#topics().get(life.name)?.partitions[index];
        for (const sent of writer.batches.slice(-1)) {
          if (partition === undefined) continue;
          const { baseOffset, flushed } = partition.append(readBatch(bytesOf(writer, sent)), Date.now());
          await flushed;
          if (sent.baseOffset !== undefined) expect(baseOffset, 'a repeated batch keeps its place').toBe(sent.baseOffset);
          sent.baseOffset = baseOffset;
        }
      }
    }
    this.check();
  }

  #topics() {
    return (this.#cluster as Cluster).topics;
  }

  #partitions(): Partition[] {
    return this.#topics()
      .all()
      .flatMap(({ partitions }) => partitions);
  }

  #life(name: string): Life | undefined {
    return this.#lives.get(name)?.at(-1)?.value;
  }

  async #create(name: string, partitions: number, segmentBytes: number): Promise<void> {
    if (this.#topics().get(name) !== undefined) return;
    const number = ++this.#count;
    const life: Life = {
      name,
      number,
      writers: new Map(),
      starts: new Map(),
      commits: new Map(),
      earlier: new Set(),
      partitions: [{ value: partitions, isAcknowledged: false }],
    };
    const configs = [
      { name: 'segment.bytes', value: String(segmentBytes) },
      { name: 'delete.retention.ms', value: String(number) },
    ];
    this.#everyLife.set(number, life);
    await this.#ask(this.#history(name), life, () => this.#topics().create({ name, partitions, configs }));
  }

  async #remove(name: string): Promise<void> {
    const topic = this.#topics().get(name);
    if (topic !== undefined) await this.#ask(this.#history(name), undefined, () => (this.#cluster as Cluster).deleteTopic(topic));
  }

  async #grow(name: string): Promise<void> {
    const topic = this.#topics().get(name);
    const life = this.#life(name);
    if (topic === undefined || life === undefined) return;
    const count = topic.partitions.length + 1;
    await this.#ask(life.partitions, count, () => this.#topics().grow(topic, count, false));
  }

  #history(name: string): Asked<Life | undefined>[] {
    let history = this.#lives.get(name);
    if (history === undefined) this.#lives.set(name, (history = [{ value: undefined, isAcknowledged: true }]));
    return history;
  }

  /** Records the wish, then the answer. Without an answer, both states are possible afterwards. */
  async #ask<T>(history: Asked<T>[], value: T, action: () => unknown): Promise<void> {
    const asked = { value, isAcknowledged: false };
    const index = history.push(asked) - 1;
    try {
      await Promise.all([action(), (this.#cluster as Cluster).journal.flushed()]);
      asked.isAcknowledged = true;
    } catch (error) {
      expectStorageRefusal(error);
      // Refused before anything was changed, and yet a crash may have left it on the disk whole.
      if (!this.isCrashed && !this.#isChanged(value)) history.splice(index, 1);
    }
  }

  #isChanged(value: unknown): boolean {
    if (typeof value === 'number') return true;
    if (value === undefined) return true;
    const life = value as Life;
    return this.#topics().get(life.name)?.setting('delete.retention.ms').value === String(life.number);
  }

  async #produce(name: string, producer: number, records: number): Promise<void> {
    const life = this.#life(name);
    const topic = this.#topics().get(name);
    if (life === undefined || topic === undefined) return;
    const partition = topic.partitions[producer % topic.partitions.length] as Partition;
    const key = `${partition.index}-${producer}`;
    const writer = life.writers.get(key) ?? (await this.#newWriter());
    if (writer === undefined || writer.isWaiting) return;
    life.writers.set(key, writer);
    const unsure = writer.batches.at(-1)?.baseOffset === undefined ? writer.batches.at(-1) : undefined;
    const sent = unsure ?? this.#nextBatch(writer, records);
    const asked = this.#lives.get(name)?.at(-1);
    const done = this.#send(partition, writer, sent, () => {
      if (asked !== undefined) asked.isAcknowledged = true;
    });
    this.#waiting.add(done);
    void done.then(() => this.#waiting.delete(done));
  }

  async #newWriter(): Promise<Writer | undefined> {
    try {
      const { producerIds, journal } = this.#cluster as Cluster;
      const id = producerIds.next();
      await journal.flushed();
      expect(this.#givenIds.has(id), `producer id ${id} was given twice`).toBe(false);
      this.#givenIds.add(id);
      return { id, batches: [], isWaiting: false };
    } catch (error) {
      expectStorageRefusal(error);
      return undefined;
    }
  }

  #nextBatch(writer: Writer, records: number): Sent {
    const sequence = writer.batches.reduce((sum, { values }) => sum + values.length, 0);
    const values = Array.from({ length: records }, () => `value-${++this.#count}-${'x'.repeat(20)}`);
    const sent: Sent = { values, sequence, baseOffset: undefined };
    writer.batches.push(sent);
    return sent;
  }

  async #send(partition: Partition, writer: Writer, sent: Sent, onAnswer: () => void): Promise<void> {
    writer.isWaiting = true;
    try {
      const { baseOffset, flushed } = partition.append(readBatch(bytesOf(writer, sent)), Date.now());
      await flushed;
      sent.baseOffset = baseOffset;
      onAnswer();
    } catch (error) {
      expectStorageRefusal(error);
    } finally {
      writer.isWaiting = false;
    }
  }

  async #commit(name: string, group: string): Promise<void> {
    const life = this.#life(name);
    if (life === undefined || this.#topics().get(name) === undefined) return;
    const { groups, journal } = this.#cluster as Cluster;
    const history = life.commits.get(group) ?? [];
    life.commits.set(group, history);
    const offset = ++this.#count;
    const asked = { value: offset, isAcknowledged: false };
    history.push(asked);
    try {
      groups.commit(groups.getOrCreate(group), [{ topic: name, partition: 0, offset, leaderEpoch: -1, metadata: `m${offset}` }]);
      await journal.flushed();
      asked.isAcknowledged = true;
    } catch (error) {
      expectStorageRefusal(error);
    }
  }

  async #deleteRecords(name: string, at: number): Promise<void> {
    const [life, partition] = [this.#life(name), this.#topics().get(name)?.partitions[0]];
    if (life === undefined || partition === undefined) return;
    const offset = Math.min(at, partition.log.endOffset);
    const start = startOf(life, 0);
    start.most = Math.max(start.most, offset);
    try {
      partition.deleteBefore(offset);
      await (this.#cluster as Cluster).journal.flushed();
      start.least = Math.max(start.least, offset);
    } catch (error) {
      expectStorageRefusal(error);
    }
  }

  async #retain(name: string, bytes: number): Promise<void> {
    const [life, topic] = [this.#life(name), this.#topics().get(name)];
    if (life === undefined || topic === undefined) return;
    for (const { log, index } of topic.partitions) {
      log.enforce({ bytes, ms: -1 }, Date.now());
      const start = startOf(life, index);
      start.most = Math.max(start.most, log.startOffset, log.endOffset);
    }
  }

  #checkLife(name: string, asked: readonly Asked<Life | undefined>[]): Life | undefined {
    const topic = this.#topics().get(name);
    const found = topic === undefined ? undefined : Number(topic.setting('delete.retention.ms').value);
    if (!this.#keepsPromises) return found === undefined ? undefined : this.#someLife(found, name);
    const at = asked.findLastIndex(({ value }) => value?.number === found);
    expect(at, `topic ${name} of life ${found} was asked for`).toBeGreaterThanOrEqual(0);
    const sure = asked.findLastIndex(({ isAcknowledged }) => isAcknowledged);
    expect(at, `topic ${name}: what was acknowledged last is there`).toBeGreaterThanOrEqual(sure);
    const life = asked[at]?.value;
    if (life !== undefined && topic !== undefined) this.#checkCount(life, topic.partitions.length);
    return life;
  }

  #someLife(number: number, name: string): Life {
    const life = this.#everyLife.get(number);
    expect(life?.name, `life ${number} of a topic was asked for`).toBe(name);
    return life as Life;
  }

  #checkCount(life: Life, count: number): void {
    const possible = life.partitions.findLastIndex(({ value }) => value === count);
    expect(possible, `${count} partitions of ${life.name} were asked for`).toBeGreaterThanOrEqual(0);
    expect(possible).toBeGreaterThanOrEqual(life.partitions.findLastIndex(({ isAcknowledged }) => isAcknowledged));
    life.partitions = [{ value: count, isAcknowledged: true }];
  }
}

function bytesOf({ id }: Writer, { values, sequence }: Sent): Buffer {
  return batch({ values, producerId: id, producerEpoch: 0, baseSequence: sequence });
}

function expectStorageRefusal(error: unknown): void {
  if (error instanceof Refusal && error.errorCode === ErrorCode.KAFKA_STORAGE_ERROR) return;
  throw error;
}
