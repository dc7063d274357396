import type { BehaviourStats } from '../../agents/index.ts';
import type { SourceState } from '../../connect/index.ts';
import type { StreamerError } from '../../errors.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import type { Stage } from './stages.ts';

/** Where an event comes from. */
export interface EventPlace extends TopicPartition {
  /** Absent for an event that is not a record of the topic. */
  readonly offset?: number | undefined;
}

/** Events of a worker and their arguments. An event without listeners costs nothing. */
export interface WorkerEvents {
  /** Partitions are assigned; the agents of each run as soon as its state is restored. */
  assigned: [{ readonly partitions: readonly TopicPartition[]; readonly epoch: number }];
  /** Partitions were given up (`lost: false`, drained) or taken away (`lost: true`). */
  revoked: [{ readonly partitions: readonly TopicPartition[]; readonly lost: boolean }];
  /** An event went to its dead-letter topic. `agent` is absent when its bytes did not decode. */
  deadLetter: [
    EventPlace & {
      readonly agent?: string | undefined;
      readonly error: unknown;
    },
  ];
  /** An attempt failed and another one follows. */
  retry: [
    EventPlace & {
      readonly agent: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: unknown;
    },
  ];
  /** The agent's policy gave up an event without a dead letter. */
  skipped: [
    EventPlace & {
      readonly agent: string;
      readonly error: unknown;
    },
  ];
  /** Something outside cannot be reached; events wait. Once per agent until `resumed`. */
  waiting: [{ readonly agent: string; readonly error: unknown }];
  resumed: [{ readonly agent: string; readonly waitedMs: number }];
  /** The broker cannot be reached, or refused something; the worker tries again. */
  warning: [{ readonly error: StreamerError }];
  /** Something has made no progress for too long though there is work; once per `stallWarningMs` while that is so. */
  stalled: [
    EventPlace & {
      /** Absent for stages that do not belong to one agent: `decode` and `commit`. */
      readonly agent?: string | undefined;
      readonly stage: Stage;
      /** Base64 if it is not text, null if the record has none; absent when it is no longer known. */
      readonly key?: string | null | undefined;
      readonly forMs: number;
      /** The setting that governs how long this may take. */
      readonly setting: string;
    },
  ];
  /** The event loop was blocked for more than a third of the session. The place is that of the event whose handler is the likely cause. */
  blocked: [
    Partial<EventPlace> & {
      /** Agents whose handlers may have blocked it, the likely one first. */
      readonly suspects: readonly string[];
      readonly agent?: string | undefined;
      /** Base64 where it is not text, null where the record has none. */
      readonly key?: string | null | undefined;
      readonly forMs: number;
      readonly sessionTimeoutMs: number;
    },
  ];
  /** No broker has answered for longer than a session lasts, or since the consumer failed; `since` is the last answer. */
  disconnected: [{ readonly since: number }];
  connected: [{ readonly forMs: number }];
  /** A source has started, waits, has failed and starts again, or has stopped. */
  source: [SourceState & { readonly source: string }];
  /**
   * A transaction of tables was not committed, or it is not known that it was; it is written again, or its partitions go on
   * elsewhere from what is committed.
   */
  aborted: [{ readonly outcome: 'aborted' | 'unknown'; readonly error: StreamerError }];
  /** Tables are being restored; about once a second. Offsets, not entries: how many entries a log holds is known at its end. */
  restoring: [RestoreProgress];
  /** All tables of the worker's partitions are restored. */
  restored: [RestoreProgress];
  committed: [{ readonly offsets: ReadonlyArray<TopicPartition & { readonly offset: number }> }];
}

export interface RestoreProgress {
  /** Tasks that wait for their tables. */
  readonly tasks: number;
  /** Records of changelogs that were read. */
  readonly records: number;
  /** Offsets that were read, and that are to be read in all; gaps count. */
  readonly offsets: number;
  readonly total: number;
  readonly forMs: number;
  readonly recordsPerSecond: number;
}

/** Tells the listeners of a worker. */
export type Tell = <E extends keyof WorkerEvents>(event: E, ...args: WorkerEvents[E]) => void;

export interface AgentStats extends BehaviourStats {
  /** Events finished, dead letters and skipped ones included. */
  readonly finished: number;
  /** Dead letters. */
  readonly failed: number;
  readonly skipped: number;
  readonly retried: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Since when (epoch milliseconds) the agent waits for something outside; absent when it does not. */
  readonly waitingSince?: number | undefined;
}

export interface WorkerStats {
  /** Records received and finished by all agents on their topic. */
  readonly events: number;
  readonly tombstonesSkipped: number;
  /** Records that went to a dead-letter topic, undecodable ones included. */
  readonly deadLettered: number;
  /** Records in the assigned partitions that are not finished yet, as far as known. */
  readonly lag: number;
  readonly assigned: readonly TopicPartition[];
  /** Epoch milliseconds; absent while brokers answer. */
  readonly disconnectedSince?: number | undefined;
  readonly agents: Readonly<Record<string, AgentStats>>;
  readonly sources: Readonly<Record<string, SourceStats>>;
  /** Absent for an app without tables. */
  readonly state?: StateStats | undefined;
}

/** The tables of a worker: those of its partitions. */
export interface StateStats {
  readonly tables: Readonly<Record<string, TableStats>>;
  /** Transactions by outcome, and how long those took that were committed. */
  readonly commits: {
    readonly committed: number;
    readonly aborted: number;
    /** The broker did not answer whether they were committed. */
    readonly unknown: number;
    readonly meanMs: number;
    readonly p99Ms: number;
    readonly maxMs: number;
  };
  /** Absent while nothing is restored. */
  readonly restore?: RestoreProgress | undefined;
}

export interface TableStats {
  /** Committed entries. */
  readonly entries: number;
  /** Of their keys and values. */
  readonly bytes: number;
  /** Entries that were changed since the last commit. */
  readonly changed: number;
}

export interface SourceStats extends SourceState {
  /** Records that the broker has acknowledged. */
  readonly records: number;
}

/** `disconnected`: it was ready, and no broker has answered since `WorkerStats.disconnectedSince`. */
export type WorkerState = 'starting' | 'ready' | 'disconnected' | 'draining' | 'stopped' | 'failed';

export interface StopResult {
  /** Events that were in flight and have finished. */
  readonly drained: number;
  /** Events that were in flight when the budget ended: they come again at the next start. */
  readonly abandoned: number;
  /** False if the last commit did not succeed: events that have finished since the one before are processed again. */
  readonly committed: boolean;
}
