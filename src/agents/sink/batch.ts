import { checkOptions, durationMs, fields, wholeNumber } from '../../options/index.ts';

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

/** @throws ConfigError */
export function sinkBatch(name: string, batch: SinkBatchOptions): SinkBatch {
  checkOptions<{ batch: SinkBatchOptions }>(name, { batch }, { batch: fields({ size: wholeNumber(1), waitMs: durationMs(0) }) });
  const { size = 500, waitMs = 5 } = batch;
  return { size, waitMs };
}
