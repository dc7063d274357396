import type { EvaluatorOptions } from '../xgboost/evaluator.ts';

/** The model of a thread. */
export interface ScorerSpec extends EvaluatorOptions {
  readonly kind: 'xgboost';
  readonly bytes: Uint8Array;
  readonly margin: boolean;
}

export type ToThread = { readonly id: number; readonly rows: Float32Array; readonly count: number };

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string; readonly next: string | undefined }
  | { readonly type: 'scored'; readonly id: number; readonly values: Float32Array }
  | { readonly type: 'error'; readonly id: number; readonly message: string };

/** Returns the memory of the numbers, which moves to the receiver of a message. */
export function transferOf({ buffer }: Float32Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
