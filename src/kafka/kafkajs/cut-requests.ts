import { KafkaError } from '../../errors.ts';
import type { OutputRecord } from '../client.ts';
import type { Batch } from './partition-queue.ts';

/** Records below this size are never the reason: every broker takes requests of a few megabytes. */
const LARGE_BYTES = 1_000_000;
const CUTS = 3;

/**
 * Finds records that a broker refuses by closing the connection: it does so with a request above its `socket.request.max.bytes`
 * (100 MiB by default), without an answer. A record counts as refused when it was alone in a request three times, each was
 * cut, and the broker answered other requests in between.
 */
export class CutRequests {
  #counts = new WeakMap<OutputRecord, number>();
  /** True after a cut: requests carry one batch each, so that the next cut has one batch to blame. */
  isIsolating = false;

  /** Returns the refusal once there is no doubt about it. */
  note(batches: readonly Batch[], reason: unknown): KafkaError | undefined {
    if (!isCut(reason)) return undefined;
    this.isIsolating = true;
    const [batch] = batches;
    const [record] = batch?.records ?? [];
    if (batch === undefined || record === undefined || batches.length > 1 || batch.records.length > 1) return undefined;
    if (batch.bytes < LARGE_BYTES) return undefined;
    const count = (this.#counts.get(record) ?? 0) + 1;
    this.#counts.set(record, count);
    if (count < CUTS) return undefined;
    const { topic, partition } = record;
    return new KafkaError('refused', `the broker closed the connection ${CUTS} times instead of taking a record of ${batch.bytes} bytes`, {
      topic,
      partition,
      kafkaCode: 'MESSAGE_TOO_LARGE',
      next: "Send less, or raise the broker's socket.request.max.bytes.",
    });
  }

  /** A request was answered. */
  answered(): void {
    this.isIsolating = false;
  }

  /** The broker answers nothing at all: no record is to blame for that. */
  forget(): void {
    this.#counts = new WeakMap();
  }
}

function isCut(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false;
  if (reason.name === 'KafkaJSConnectionClosedError') return true;
  return (
    reason.name === 'KafkaJSConnectionError' && /ECONNRESET|EPIPE/.test(`${reason.message} ${'code' in reason ? String(reason.code) : ''}`)
  );
}
