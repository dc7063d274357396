import type { RecordHeaders } from '../kafka/index.ts';

/** A decoded record, as agents see it. Treat it as read-only. */
export interface Event<K = unknown, V = unknown> {
  readonly key: K;
  readonly value: V;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's time in milliseconds since 1970-01-01 UTC. */
  readonly timestamp: number;
  readonly headers: RecordHeaders;
  /** Aborted when the partition is lost, the worker gives up draining, or the handler's time is up. */
  readonly signal: AbortSignal;
}
