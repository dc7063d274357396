import type { SinkWriter } from '../../connect/index.ts';
import { checkOptions, durationMs, fields, wholeNumber } from '../../options/index.ts';
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

function sinkBatch(name: string, batch: SinkBatchOptions): SinkBatch {
  checkOptions<{ batch: SinkBatchOptions }>(name, { batch }, { batch: fields({ size: wholeNumber(1), waitMs: durationMs(0) }) });
  const { size = 500, waitMs = 5 } = batch;
  return { size, waitMs };
}
