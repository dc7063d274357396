import type { DiskEnvironment } from '../../../src/broker/log/disk-environment.ts';
import { DiskLog } from '../../../src/broker/log/disk-log.ts';
import type { ProducerMemory, SegmentLimits } from '../../../src/broker/log/partition-log.ts';
import { TailBudget } from '../../../src/broker/log/tail-cache.ts';
import { HandlePool } from '../../../src/broker/storage/handle-pool.ts';
import { readBatch } from '../../../src/wire/record-batch.ts';
import { type BatchOptions, batch } from '../../helpers/wire.ts';
import type { SimDisk } from './sim-disk.ts';

export const FOLDER = '/data/topics/t-0';

export interface LogOptions {
  readonly limits?: Partial<SegmentLimits>;
  readonly isClean?: boolean;
  readonly syncsFirst?: boolean;
  /** Bytes of batches kept in memory; 0 to read everything from files. */
  readonly tailBytes?: number;
  readonly openFiles?: number;
}

/** A log on a simulated disk, with what it reported and the producers' batches that it told of. */
export function openLog(disk: SimDisk, options: LogOptions = {}) {
  const reports: string[] = [];
  const starts = new Map<string, number>();
  const recorded: number[] = [];
  const producers: ProducerMemory = {
    record: (_header, baseOffset) => recorded.push(baseOffset),
    save: () => [...recorded],
    restore: (saved) => recorded.splice(0, recorded.length, ...(saved as number[])),
    forgetFrom: () => {},
  };
  const pool = new HandlePool(disk, options.openFiles ?? 10);
  const env: DiskEnvironment = {
    folder: '/data/topics',
    pool,
    tails: new TailBudget(options.tailBytes ?? 1_000_000),
    syncsFirst: options.syncsFirst ?? false,
    isClean: options.isClean ?? false,
    salvage: false,
    setAside: (path) => path,
    journal: { isFlushed: true, flushed: () => undefined },
    startOf: (topic) => starts.get(topic) ?? 0,
    recordStart: (topic, _partition, offset) => void starts.set(topic, offset),
    touched: () => {},
    discard: (path) => disk.removeFolder(path),
    distrust: () => {},
    report: (level, message) => reports.push(`${level} ${message}`),
  };
  const limits = { segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000, ...options.limits };
  const log = new DiskLog(env, { topic: 't', partition: 0, isNew: false, limits: () => limits, producers });
  return { log, pool, reports, recorded };
}

export function append(log: { append: DiskLog['append'] }, options: BatchOptions = {}): number {
  return log.append(readBatch(batch(options)), 0);
}
