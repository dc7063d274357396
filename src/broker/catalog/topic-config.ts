import type { SegmentLimits } from '../log/partition-log.ts';

/** The settings that this broker acts on, parsed once. */
export interface TopicConfig extends SegmentLimits {
  readonly maxMessageBytes: number;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly timestampType: string;
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
