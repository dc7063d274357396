import type { RecordHeaders } from '../kafka/index.ts';
import type { LetterInfo } from '../runtime/index.ts';

/** A record of a topic, decoded. */
export interface Received<K, V> {
  readonly key: K;
  readonly value: V | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

/** A dead letter: what it says of its origin and error, and the record as it came. */
export interface ReceivedLetter extends LetterInfo {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** A record in bytes; text is written in UTF-8. */
export interface RawMessage {
  readonly key?: string | Uint8Array | null | undefined;
  readonly value: string | Uint8Array | null;
  readonly headers?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** @default by the key, as for every record */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970-01-01 UTC. @default now */
  readonly timestamp?: number | undefined;
}
