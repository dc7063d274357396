import { Compression, compressionNumber, isCompressionName } from '../../wire/compression/compression.ts';
import type { SegmentLimits } from '../log/partition-log.ts';

/** The settings that this broker acts on, parsed once. */
export interface TopicConfig extends SegmentLimits {
  readonly maxMessageBytes: number;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly timestampType: string;
  /** Number of the compression that batches are kept with; undefined keeps the producer's. */
  readonly compression: number | undefined;
  /** By the compression's number, where there are levels. */
  readonly compressionLevels: ReadonlyMap<number, number>;
  readonly timestampAfterMaxMs: number;
  readonly timestampBeforeMaxMs: number;
  readonly isCompacted: boolean;
  readonly deletesOld: boolean;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minDirtyRatio: number;
  readonly deleteRetentionMs: number;
}

/** A topic as its partitions see it. */
export interface PartitionTopic {
  readonly name: string;
  /** Replaced when the topic is configured. */
  readonly config: TopicConfig;
}

/** @param setting the value of a setting by its name, checked */
export function parseConfig(setting: (name: string) => string): TopicConfig {
  const number = (name: string) => Number(setting(name));
  const policy = setting('cleanup.policy');
  const isCompacted = policy.includes('compact');
  const maxCompactionLagMs = number('max.compaction.lag.ms');
  return {
    maxMessageBytes: number('max.message.bytes'),
    retentionBytes: number('retention.bytes'),
    retentionMs: number('retention.ms'),
    segmentBytes: number('segment.bytes'),
    // As Kafka: a record that must be compacted by then must be out of the segment that is written to.
    segmentMs: isCompacted ? Math.min(number('segment.ms'), maxCompactionLagMs) : number('segment.ms'),
    timestampType: setting('message.timestamp.type'),
    compression: compressionFrom(setting('compression.type')),
    compressionLevels: new Map([
      [Compression.GZIP, number('compression.gzip.level')],
      [Compression.ZSTD, number('compression.zstd.level')],
    ]),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    isCompacted,
    deletesOld: policy.includes('delete'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs,
    minDirtyRatio: number('min.cleanable.dirty.ratio'),
    deleteRetentionMs: number('delete.retention.ms'),
  };
}

/** `compression.type`, where `producer` keeps the producer's choice. */
function compressionFrom(type: string): number | undefined {
  if (type === 'uncompressed') return Compression.NONE;
  return isCompressionName(type) ? compressionNumber(type) : undefined;
}
