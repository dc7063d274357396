import type { LogEntry } from '../options.ts';

/** What the broker's thread says to its host. */
export type FromThread =
  | { readonly type: 'ready'; readonly address: string; readonly ports: readonly number[] }
  | { readonly type: 'failed'; readonly message: string; readonly code: string; readonly next: string | undefined }
  | { readonly type: 'log'; readonly entry: LogEntry };

/** What the host says to the broker's thread. */
export interface ToThread {
  readonly type: 'close';
}
