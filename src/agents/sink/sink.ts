import type { SinkWriter } from '../../connect/index.ts';
import type { Behaviour } from '../behaviour.ts';
import { type SinkBatchOptions, sinkBatch } from './batch.ts';
import { SinkRun } from './sink-run.ts';

/**
 * Hands events to a writer in batches, one batch at a time for each partition, tombstones included. An event is finished when
 * the writer has kept it. One that the writer refuses fails alone, and `onError` decides; later events of the same key wait for
 * that. When the outside cannot be reached, nothing is polled and no attempt is counted: the agent waits, the worker says so, and
 * the batch is written again after growing waits, without end.
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
