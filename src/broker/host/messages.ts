import type { FaultOptions } from '../faults/fault.ts';
import type { LogEntry } from '../options.ts';

/** An error on its way from one thread to the other. */
export interface SentError {
  readonly message: string;
  readonly code: string;
  readonly next: string | undefined;
}

/** What the broker's thread says to its host. */
export type FromThread =
  | { readonly type: 'ready'; readonly address: string; readonly ports: readonly number[] }
  | ({ readonly type: 'failed' } & SentError)
  | { readonly type: 'log'; readonly entry: LogEntry }
  | { readonly type: 'returned'; readonly id: number; readonly value: unknown }
  | { readonly type: 'threw'; readonly id: number; readonly error: SentError };

/** What the host asks of the broker; faults go by their numbers. */
export type Call =
  | { readonly method: 'fault'; readonly options: FaultOptions }
  | { readonly method: 'hits' | 'clear'; readonly fault: number }
  | { readonly method: 'advance'; readonly ms: number }
  | { readonly method: 'dump' };

/** What the host says to the broker's thread. */
export type ToThread = { readonly type: 'close' } | { readonly type: 'call'; readonly id: number; readonly call: Call };
