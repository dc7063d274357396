import { COUNTERS, counted, type Entry, recentAfter, type Tally } from '../app/entry.ts';
import { type CountedEvent, canonical } from './evidence.ts';

export const RECENT = 'recent';

export interface Expected {
  /** By table, by partition, by key: the value's canonical JSON. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<number, ReadonlyMap<string, string>>>;
  /** By table, partition and key in one text: every value that the entry has had on the way. */
  readonly prefixes: ReadonlySet<string>;
  /** What an event sees when it is counted, by `seenKey`. */
  readonly seen: ReadonlyMap<string, Tally>;
}

export function seenKey({ source, partition, offset }: Pick<CountedEvent, 'source' | 'partition' | 'offset'>): string {
  return `${source} ${partition}@${offset}`;
}

export function prefixKey(table: string, partition: number, key: string, value: string): string {
  return `${table} ${partition} ${key} ${value}`;
}

/** Counts the inputs in their order, which each key keeps: what the tables must hold, and what each event must have seen. */
export function expectedOf(events: readonly CountedEvent[]): Expected {
  const ordered = [...events].sort((a, b) => a.offset - b.offset);
  const seen = new Map<string, Tally>();
  const prefixes = new Set<string>();
  const tables = new Map<string, Map<number, Map<string, string>>>();
  for (const { tables: names, inputs } of COUNTERS) {
    const own = ordered.filter(({ source }) => inputs.some((input) => input === source));
    for (const name of names) {
      const note = (partition: number, key: string, value: string) => prefixes.add(prefixKey(name, partition, key, value));
      tables.set(name, name === RECENT ? recentOf(own, note) : talliesOf(own, seen, note));
    }
  }
  return { tables, prefixes, seen };
}

type Note = (partition: number, key: string, value: string) => void;

function talliesOf(events: readonly CountedEvent[], seen: Map<string, Tally>, note: Note): Map<number, Map<string, string>> {
  const entries = new Map<string, Entry>();
  const texts = new Map<number, Map<string, string>>();
  for (const event of events) {
    const place = `${event.partition} ${event.key}`;
    const entry = counted(entries.get(place), event.source, event.id);
    entries.set(place, entry);
    const tally = entry[event.source];
    if (tally !== undefined) seen.set(seenKey(event), tally);
    partitionOf(texts, event.partition).set(event.key, canonical(entry));
    note(event.partition, event.key, canonical(entry));
  }
  return texts;
}

function recentOf(events: readonly CountedEvent[], note: Note): Map<number, Map<string, string>> {
  const texts = new Map<number, Map<string, string>>();
  for (const { partition, key, id, seq } of events) {
    const value = recentAfter(seq, id);
    if (value === undefined) partitionOf(texts, partition).delete(key);
    else partitionOf(texts, partition).set(key, canonical(value));
    if (value !== undefined) note(partition, key, canonical(value));
  }
  return texts;
}

function partitionOf<V>(map: Map<number, Map<string, V>>, partition: number): Map<string, V> {
  let found = map.get(partition);
  if (found === undefined) map.set(partition, (found = new Map()));
  return found;
}
