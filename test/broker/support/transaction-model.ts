import { expect } from 'vitest';
import type { Partition } from '../../../src/broker/catalog/partition.ts';
import { Cluster } from '../../../src/broker/cluster.ts';
import { resolveOptions } from '../../../src/broker/options.ts';
import { openDiskStorage } from '../../../src/broker/storage/disk-storage.ts';
import { isPrepared } from '../../../src/broker/transactions/transaction.ts';
import { Refusal } from '../../../src/wire/error-code.ts';
import { readBatch } from '../../../src/wire/record-batch.ts';
import { batch } from '../../helpers/wire.ts';
import { committedValues } from './batches.ts';
import type { SimDisk } from './sim-disk.ts';

export type TransactionAction =
  | { readonly type: 'send'; readonly writer: number; readonly partition: number }
  | { readonly type: 'offset'; readonly writer: number }
  | { readonly type: 'end'; readonly writer: number; readonly isCommit: boolean }
  | { readonly type: 'init'; readonly writer: number }
  | { readonly type: 'sync' }
  | { readonly type: 'restart' };

/** `open`: never asked to end. `asked`: to commit, without an answer. */
type Outcome = 'open' | 'asked' | 'committed' | 'aborted';

interface Told {
  readonly number: number;
  readonly values: Map<number, string[]>;
  hasOffset: boolean;
  outcome: Outcome;
}

interface Writer {
  readonly id: string;
  readonly group: string;
  claim: { transactionalId: string; producerId: number; producerEpoch: number } | undefined;
  readonly sequences: Map<number, number>;
  readonly told: Told[];
}

const TOPIC = 'orders';
const PARTITIONS = 2;
const noLock = async () => ({ release: async () => {} });

/** Transactional producers on a broker whose disk fails, and what they were told. */
export class TransactionModel {
  readonly #durability: 'os' | 'fsync';
  #disk: SimDisk;
  #cluster: Cluster | undefined;
  #count = 0;
  readonly #writers: Writer[] = [0, 1].map((i) => ({
    id: `x${i}`,
    group: `g${i}`,
    claim: undefined,
    sequences: new Map(),
    told: [],
  }));

  constructor(durability: 'os' | 'fsync', disk: SimDisk) {
    this.#durability = durability;
    this.#disk = disk;
  }

  /** @returns whether it could be opened */
  async open(disk = this.#disk): Promise<boolean> {
    this.#disk = disk;
    try {
      const storage = await openDiskStorage({ folder: '/data', durability: this.#durability, report: () => {} }, disk, noLock);
      this.#cluster = new Cluster(resolveOptions({}), storage);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG' });
      return false;
    }
  }

  /** Without faults. */
  async makeTopic(): Promise<void> {
    const configs = [{ name: 'segment.bytes', value: '400' }];
    this.#broker.topics.create({ name: TOPIC, partitions: PARTITIONS, configs });
    await this.#broker.journal.flushed();
  }

  get isCrashed(): boolean {
    return this.#disk.isCrashed;
  }

  async run(action: TransactionAction): Promise<void> {
    const writer = 'writer' in action ? (this.#writers[action.writer] as Writer) : undefined;
    if (action.type === 'restart') {
      await this.close();
      for (let i = 0; i < 10 && !this.isCrashed && !(await this.open()); i++);
      return;
    }
    if (action.type === 'sync') {
      for (const { log } of this.#partitions()) if ('sync' in log) await (log as { sync(): Promise<void> }).sync().catch(() => {});
      return;
    }
    if (writer === undefined) return;
    try {
      await this.#act(writer, action);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // As clients do after an error that they cannot place: begin anew.
      writer.claim = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#cluster?.close();
  }

  /** Every producer begins anew on a disk that works, and readers see whole transactions or nothing of them. */
  async check(): Promise<void> {
    this.#disk.isCalm = true;
    for (const writer of this.#writers) await this.#begin(writer);
    await this.#settled();
    for (const { index, log, lastStableOffset } of this.#partitions())
      expect(lastStableOffset, `partition ${index}: nothing is open`).toBe(log.endOffset);
    const seen = this.#partitions().map(committedOf);
    for (const writer of this.#writers) this.#checkWriter(writer, seen);
    this.#disk.isCalm = false;
  }

  async #act(writer: Writer, action: TransactionAction): Promise<void> {
    if (action.type === 'init' || writer.claim === undefined) return this.#begin(writer);
    const { claim } = writer;
    const { transactions, groups, journal } = this.#broker;
    if (action.type === 'end') {
      const told = writer.told.at(-1);
      if (told?.outcome !== 'open') return;
      if (action.isCommit) told.outcome = 'asked';
      transactions.end(claim, action.isCommit);
      await journal.flushed();
      told.outcome = action.isCommit ? 'committed' : 'aborted';
      return this.#settled();
    }
    const told = this.#current(writer);
    if (action.type === 'offset') {
      transactions.addGroup(claim, writer.group);
      const offset = { topic: TOPIC, partition: 0, offset: told.number, leaderEpoch: -1, metadata: '' };
      groups.hold(groups.getOrCreate(writer.group), [offset], claim.producerId);
      await journal.flushed();
      told.hasOffset = true;
    }
    if (action.type === 'send') await this.#send(writer, told, action.partition);
  }

  async #send(writer: Writer, told: Told, index: number): Promise<void> {
    const claim = writer.claim as NonNullable<Writer['claim']>;
    const { transactions, topics, journal } = this.#broker;
    transactions.addPartitions(claim, [[TOPIC, index]]);
    await journal.flushed();
    transactions.checkWrite(claim, TOPIC, index);
    const sequence = writer.sequences.get(index) ?? 0;
    const value = `${writer.id}-${told.number}-${++this.#count}`;
    const { producerId, producerEpoch } = claim;
    const bytes = batch({ values: [value], producerId, producerEpoch, baseSequence: sequence, attributes: 0x10 });
    await topics.partition(TOPIC, index).append(readBatch(bytes), Date.now()).flushed;
    writer.sequences.set(index, sequence + 1);
    told.values.set(index, [...(told.values.get(index) ?? []), value]);
  }

  #current(writer: Writer): Told {
    const last = writer.told.at(-1);
    if (last?.outcome === 'open') return last;
    const told: Told = { number: ++this.#count, values: new Map(), hasOffset: false, outcome: 'open' };
    writer.told.push(told);
    return told;
  }

  /** Aborts what its producer left open. */
  async #begin(writer: Writer): Promise<void> {
    const last = writer.told.at(-1);
    if (last?.outcome === 'open') last.outcome = 'aborted';
    writer.sequences.clear();
    for (let i = 0; i < 20; i++) {
      try {
        const { producerId, epoch } = this.#broker.transactions.init(writer.id, 60_000);
        await this.#broker.journal.flushed();
        writer.claim = { transactionalId: writer.id, producerId, producerEpoch: epoch };
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        await this.#settled();
      }
    }
  }

  /** Markers of decided transactions are written. */
  async #settled(): Promise<void> {
    for (let i = 0; i < 1000 && !this.isCrashed && this.#broker.transactions.all().some(({ state }) => isPrepared(state)); i++)
      await new Promise((resolve) => (i < 20 ? setImmediate(resolve) : setTimeout(resolve, 5)));
  }

  #checkWriter({ id, group, told }: Writer, seen: readonly ReadonlySet<string>[]): void {
    let offset = -1;
    for (const one of told) {
      const parts = [...one.values].flatMap(([index, values]) => values.map((value) => seen[index]?.has(value) ?? false));
      const where = `transaction ${one.number} of ${id}, ${one.outcome}`;
      if (one.outcome === 'asked') one.outcome = this.#decided(one, group, parts);
      const expected = one.outcome === 'committed';
      expect(parts, where).toEqual(parts.map(() => expected));
      if (expected && one.hasOffset) offset = one.number;
    }
    const found = this.#broker.groups.get(group)?.offsets.get(TOPIC, 0).offset ?? -1;
    expect(found, `offset of ${group}`).toBe(offset);
  }

  /** Either way is right, if it is the same everywhere. */
  #decided(one: Told, group: string, parts: readonly boolean[]): Outcome {
    const byOffset = one.hasOffset ? this.#broker.groups.get(group)?.offsets.get(TOPIC, 0).offset === one.number : undefined;
    return (parts[0] ?? byOffset) ? 'committed' : 'aborted';
  }

  get #broker(): Cluster {
    return this.#cluster as Cluster;
  }

  #partitions(): readonly Partition[] {
    return this.#broker.topics.get(TOPIC)?.partitions ?? [];
  }
}

function committedOf(partition: Partition): ReadonlySet<string> {
  const { startOffset } = partition.log;
  const upTo = partition.lastStableOffset;
  const values: string[] = [];
  for (let at = startOffset; at < upTo; ) {
    const buffers = partition.read(at, 300, true, upTo) as readonly Buffer[];
    const last = buffers.at(-1) as Buffer;
    expect(last, `something can be read at ${at}`).toBeDefined();
    const end = endOf(last);
    values.push(...committedValues(buffers, partition.abortedWithin(at, end)));
    at = end;
  }
  const seen = new Set(values);
  expect(seen.size, 'each value is there once').toBe(values.length);
  return seen;
}

function endOf(bytes: Buffer): number {
  let at = 0;
  while (at + bytes.readInt32BE(at + 8) + 12 < bytes.length) at += bytes.readInt32BE(at + 8) + 12;
  return Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23) + 1;
}
