import { MAX_BATCH_BYTES } from './records.ts';

/** How much compressed batches may take once they are decompressed. */
export interface ExpansionLimits {
  /** One batch. */
  readonly maxBatchBytes: number;
  /** Bytes left for an answer's batches together; counted down here. The batch that goes beyond them is the last one that is read. */
  leftBytes: number;
}

/** An answer is at most 10 MB; a tenfold expansion fits. */
const ANSWER_BYTES = 128 * 1024 * 1024;

export function expansionLimits(maxBatchBytes: number = MAX_BATCH_BYTES): ExpansionLimits {
  return { maxBatchBytes, leftBytes: ANSWER_BYTES };
}
