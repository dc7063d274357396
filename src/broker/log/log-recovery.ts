import { type Marker, markerOf } from '../../wire/control-batch.ts';
import { hasValidCrc, isControl } from '../../wire/record-batch.ts';
import { DamagedFolder } from '../storage/damage.ts';
import { readWhole } from '../storage/files.ts';
import { BatchCursor, type FoundBatch } from './batch-cursor.ts';
import { isCutOff } from './batch-run.ts';
import type { DiskEnvironment } from './disk-environment.ts';
import type { ProducerMemory } from './partition-log.ts';
import { decodeProducers, producerSnapshotBase, producerSnapshotName } from './producer-snapshot.ts';
import { Segment, segmentBase, segmentName } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';

export interface RecoveredSegment {
  readonly segment: Segment;
  /** What was known of them before it, where no file says so. */
  readonly producers?: readonly unknown[] | undefined;
}

/**
 * Finds out what the folder of a log holds. What a crash left at its end, anything but whole, valid batches that follow each
 * other, is cut away. What no crash leaves is damage: nothing is touched then.
 */
export class LogRecovery {
  readonly #env: DiskEnvironment;
  readonly #folder: string;
  readonly #producers: ProducerMemory;
  #gapsBefore: number;
  readonly #now = Date.now();

  /** @param gapsBefore up to this offset batches may be missing: the log was compacted */
  constructor(env: DiskEnvironment, folder: string, producers: ProducerMemory, gapsBefore: number) {
    this.#gapsBefore = gapsBefore;
    this.#env = env;
    this.#folder = folder;
    this.#producers = producers;
  }

  /** Up to this offset batches may be missing: also those that a salvage gave up. */
  get gapsBefore(): number {
    return this.#gapsBefore;
  }

  /** @returns the segments, oldest first; none for a log that never had one. @throws DamagedFolder */
  run(): RecoveredSegment[] {
    this.#checkMissing();
    const bases = this.#bases();
    const first = this.#restoreProducers(bases);
    const found: RecoveredSegment[] = bases.slice(0, first).map((base, i) => ({ segment: this.#unread(base, bases[i + 1] as number) }));
    for (let i = first; i < bases.length; i++) {
      const base = bases[i] as number;
      const expected = found.at(-1)?.segment.nextOffset ?? base;
      if (base < expected) {
        // What a failed roll, or a cut whose file could not be removed, left: the segment before it went on over it.
        this.#remove([base]);
        continue;
      }
      if (base > expected && expected >= this.#gapsBefore) {
        if (this.#env.isClean || this.#env.salvage) this.#giveUp(found.at(-1)?.segment, base);
        else {
          this.#remove(bases.slice(i));
          break;
        }
      }
      const producers = i === first ? undefined : this.#producers.save();
      const { segment, isWhole } = this.#scan(base);
      found.push({ segment, producers });
      if (isWhole) continue;
      this.#remove(bases.slice(i + 1));
      break;
    }
    return found;
  }

  /**
   * A producer snapshot is written when its segment has begun. It is removed before it.
   *
   * @throws DamagedFolder when a segment is missing, unless it is older than all that are there
   */
  #checkMissing(): void {
    const { files } = this.#env.pool;
    const names = files.list(this.#folder);
    const bases = names.flatMap((name) => segmentBase(name) ?? []);
    // Of a partition that lost all of its files, each is missing.
    const oldest = bases.length === 0 ? 0 : Math.min(...bases);
    for (const base of names.flatMap((name) => producerSnapshotBase(name) ?? [])) {
      if (bases.includes(base) || base < oldest) continue;
      const path = `${this.#folder}/${segmentName(base)}`;
      if (!this.#env.salvage) throw new DamagedFolder(`${path} is missing`, 'gives up the records that it held');
      this.#env.report('warn', `${path} is missing: the records that it held are given up`);
      files.removeFile(`${this.#folder}/${producerSnapshotName(base)}`);
    }
  }

  /** Records are missing between two segments. @throws DamagedFolder unless they are given up */
  #giveUp(before: Segment | undefined, next: number): void {
    const from = before?.nextOffset ?? 0;
    const what = `${this.#folder} has no records from offset ${from} to ${next - 1}`;
    if (!this.#env.salvage) throw new DamagedFolder(what, 'gives them up');
    this.#env.report('warn', `${what}: they are given up`);
    this.#gapsBefore = next;
    if (before !== undefined) before.nextOffset = next;
  }

  /** @throws DamagedFolder when a crash would not have left what follows the last good batch */
  #checkRest(path: string, end: number, size: number, nextOffset: number): void {
    const { isClean, salvage, pool } = this.#env;
    const rest = Buffer.allocUnsafeSlow(size - end);
    const isDamaged = isClean || !isCutOff(rest.subarray(0, pool.use(path).read(rest, end)), nextOffset);
    if (!isDamaged) return;
    const what = `${path} cannot be read at byte ${end} of ${size}, offset ${nextOffset}`;
    if (!salvage) throw new DamagedFolder(what, `gives up the records of the partition from offset ${nextOffset} on`);
    this.#env.report('warn', `${what}: the records from there on are given up, and kept in ${this.#env.setAside(path)}`);
  }

  #bases(): number[] {
    const { files } = this.#env.pool;
    const all = files
      .list(this.#folder)
      .flatMap((name) => segmentBase(name) ?? [])
      .sort((a, b) => a - b);
    // Only the last segment can be empty: any other is what a roll left that failed when its file was made.
    const strays = all.slice(0, -1).filter((base) => files.size(`${this.#folder}/${segmentName(base)}`) === 0);
    this.#remove(strays);
    for (const name of files.list(this.#folder)) if (name.endsWith('.log.tmp')) files.removeFile(`${this.#folder}/${name}`);
    return all.filter((base) => !strays.includes(base));
  }

  /** The newest snapshot says what producers had written before it, and that all before it was synced. @returns where to go on */
  #restoreProducers(bases: readonly number[]): number {
    for (let i = bases.length - 1; i >= 0; i--) {
      const bytes = readWhole(this.#env.pool.files, `${this.#folder}/${producerSnapshotName(bases[i] as number)}`);
      const saved = bytes && decodeProducers(bytes);
      if (saved === undefined) continue;
      this.#producers.restore(saved, this.#now);
      return i;
    }
    return 0;
  }

  #unread(base: number, nextOffset: number): Segment {
    const size = this.#env.pool.files.size(`${this.#folder}/${segmentName(base)}`) ?? 0;
    return new Segment(this.#env.pool, this.#folder, base, { size, nextOffset });
  }

  #scan(base: number): { readonly segment: Segment; readonly isWhole: boolean } {
    const { pool } = this.#env;
    const path = `${this.#folder}/${segmentName(base)}`;
    const size = pool.files.size(path) ?? 0;
    const index = new SegmentIndex();
    const cursor = new BatchCursor((into, position) => pool.use(path).read(into, position), 0, size);
    let end = 0;
    let nextOffset = base;
    for (let found = cursor.next(); found !== undefined && this.#isGood(found, nextOffset, cursor); found = cursor.next()) {
      const { header, position, length } = found;
      index.add(header, position, length);
      if (header.producerId >= 0) this.#producers.record(header, header.baseOffset, this.#now, this.#markerIn(found, cursor));
      nextOffset = header.baseOffset + header.lastOffsetDelta + 1;
      end = position + length;
    }
    const segment = new Segment(pool, this.#folder, base, { size: end, nextOffset, index });
    if (end < size) {
      this.#checkRest(path, end, size, nextOffset);
      this.#cut(segment, size);
    }
    return { segment, isWhole: end === size };
  }

  #markerIn(found: FoundBatch, cursor: BatchCursor): Marker | undefined {
    if (!isControl(found.header)) return undefined;
    const bytes = cursor.bytes(found);
    return bytes && markerOf({ ...found.header, bytes });
  }

  /** After a stop in order only the headers are read: they must be, for the index and the producers. */
  #isGood(found: FoundBatch, expected: number, cursor: BatchCursor): boolean {
    const { baseOffset, lastOffsetDelta } = found.header;
    const follows = baseOffset === expected || (baseOffset > expected && expected < this.#gapsBefore);
    if (!follows || lastOffsetDelta < 0) return false;
    if (this.#env.isClean) return true;
    const bytes = cursor.bytes(found);
    return bytes !== undefined && hasValidCrc({ bytes });
  }

  #cut(segment: Segment, size: number): void {
    const { path, size: kept, nextOffset } = segment;
    this.#env.report('warn', `${path}: cut ${size - kept} bytes at its end that are not a whole batch, after offset ${nextOffset - 1}`);
    segment.cutTo(kept, nextOffset);
  }

  #remove(bases: readonly number[]): void {
    const { pool, report } = this.#env;
    for (const base of bases) {
      const path = `${this.#folder}/${segmentName(base)}`;
      report('warn', `${path}: removed ${pool.files.size(path) ?? 0} bytes, because they do not continue the segment before them`);
      pool.forget(path);
      const producers = `${this.#folder}/${producerSnapshotName(base)}`;
      if (pool.files.size(producers) !== undefined) pool.files.removeFile(producers);
      pool.files.removeFile(path);
    }
  }
}
