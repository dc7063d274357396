import type { SinkWriter } from '../../connect/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Behaviour } from '../behaviour.ts';
import { SinkRun } from './sink-run.ts';

export interface SinkBatchOptions {
  /** Most events of one write. @default 500 */
  readonly size?: number | undefined;
  /** Longest wait for more events after the first. @default 5 */
  readonly waitMs?: number | undefined;
}

/** A checked `SinkBatchOptions`. */
export interface SinkBatch {
  readonly size: number;
  readonly waitMs: number;
}

/**
 * Hands events to a writer in batches, one batch at a time for each partition, tombstones included. An event is finished when
 * the writer has kept it. One that the writer refuses fails alone, and `onError` decides; what came after it with the same key
 * waits for that. When the outside cannot be reached, nothing is polled and no try is counted: the agent waits, the worker says
 * so, and the batch is written again with growing waits, without end.
 */
export function sink<K, V>(writer: SinkWriter<K, V>, batch: SinkBatchOptions = {}): Behaviour<K, V, never> {
  const plan = sinkBatch(writer.name, batch);
  return {
    name: writer.name,
    unit: 'key',
    tombstones: true,
    capacity: plan.size,
    start: async (agent) => writer.open?.(agent),
    stop: async () => writer.close?.(),
    stats: () => ({ sink: writer.counts?.() ?? {} }),
    open: (inbox) => new SinkRun(inbox, writer, plan),
  };
}

function sinkBatch(name: string, { size = 500, waitMs = 5, ...unknown }: SinkBatchOptions): SinkBatch {
  const problems: string[] = [];
  if (!Number.isInteger(size) || size < 1) problems.push(`${name}: batch.size must be a whole number of at least 1, got ${String(size)}`);
  if (!(waitMs >= 0)) problems.push(`${name}: batch.waitMs must be at least 0, got ${String(waitMs)}`);
  for (const option of Object.keys(unknown)) problems.push(`${name}: unknown option "batch.${option}"`);
  if (problems.length > 0) throw new ConfigError(problems);
  return { size, waitMs };
}
