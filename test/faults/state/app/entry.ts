import { Random } from '../../random.ts';

/** How many events of one topic an entry has counted, and a digest of their ids in the order in which they were counted. */
export interface Tally {
  readonly n: number;
  readonly h: number;
}

/** The value of every table but `recent`: a tally for each input topic of its agent, by the topic's last part. */
export type Entry = Readonly<Record<string, Tally>>;

export const NOTHING: Tally = { n: 0, h: 0 };

/** Events that are counted twice, left out or counted in another order give another digest. FNV-1a, 32 bits. */
export function tallied({ n, h }: Tally, id: string): Tally {
  let hash = (h ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return { n: n + 1, h: hash >>> 0 };
}

export function counted(entry: Entry | undefined, source: string, id: string): Entry {
  return { ...entry, [source]: tallied(entry?.[source] ?? NOTHING, id) };
}

/** What `recent` holds of a key after an event: every third event of a key deletes the entry. */
export function recentAfter(seq: number, id: string): string | undefined {
  return seq % 3 === 0 ? undefined : id;
}

export const PROBE = 'probe';

/** Topics and tables of a round. The agents have the names of their first tables. */
export const INPUT = 'in';
export const SECOND_INPUT = 'more';
/** What the events of the first input are under another key, in the repartition topic. */
export const GROUPED = 'grouped';
export const PROBES = 'probes';
export const COUNTERS = [
  { agent: 'count', tables: ['counts', 'recent'], inputs: [INPUT], order: 'key' },
  { agent: 'batch', tables: ['batches'], inputs: [INPUT], order: 'key' },
  { agent: 'other', tables: ['others'], inputs: [SECOND_INPUT], order: 'key' },
  { agent: 'group', tables: ['groups'], inputs: [GROUPED], order: 'key' },
  { agent: 'sorted', tables: ['sorted'], inputs: [INPUT], order: 'partition' },
] as const;

/** The other key of an event. */
export function groupOf(id: string): string {
  return `g${Random.of(id).int(0, 6)}`;
}

export interface CountItem {
  readonly id: string;
  readonly seq: number;
  readonly kind: 'plain' | 'flaky' | 'poison' | typeof PROBE;
}

/** What an agent publishes of an event: where it came from, who worked on it and when (monotonic µs), and what it has counted. */
export interface Answer extends Tally {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly by: string;
  readonly from: number;
  readonly to: number;
}

/** Every entry of one partition of a table, as a worker has it in its memory. */
export interface ProbeAnswer {
  readonly probe: string;
  readonly table: string;
  readonly partition: number;
  readonly by: string;
  readonly entries: ReadonlyArray<readonly [key: string, value: unknown]>;
}
