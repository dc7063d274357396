import type { CountItem } from '../app/entry.ts';

/** A record of an input topic that an agent counts: it decodes, has a key, and its handler does not fail for good. */
export interface CountedEvent {
  /** Last part of the topic's name. */
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly id: string;
  readonly seq: CountItem['seq'];
}

/** What an agent said of an event: the tally that it saw. */
export interface SeenTally {
  readonly agent: string;
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
  readonly by: string;
  readonly n: number;
  readonly h: number;
}

/** Entries of one partition of a table, values as canonical JSON. */
export interface Contents {
  readonly table: string;
  readonly partition: number;
  readonly entries: ReadonlyMap<string, string>;
}

/** Contents as a process has them in its memory. */
export interface Memory extends Contents {
  readonly by: string;
  /** `living` has gone through the round, perhaps with shards that it kept; `fresh` was started afterwards and has restored all. */
  readonly kind: 'living' | 'fresh';
}

export interface StateLetter {
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
  readonly agent: string | undefined;
  /** Header `streamer.dlq.state`. */
  readonly state: string | undefined;
}

export interface StateEvidence {
  /** The workers have come to the end of the inputs. If not, the changelogs must hold what was right on the way. */
  readonly isComplete: boolean;
  readonly events: readonly CountedEvent[];
  readonly answers: readonly SeenTally[];
  /** Latest committed record of each key, tombstones and reserved keys left out. */
  readonly changelogs: readonly Contents[];
  readonly memories: readonly Memory[];
  readonly letters: readonly StateLetter[];
  /** Changelog records that no marker has decided after all workers have ended, by topic. */
  readonly open: ReadonlyMap<string, number>;
}

/** JSON with the fields of objects in order, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
