import { sourceText } from './guard.ts';
import type { Texts } from './row.ts';
import type { Column, Table } from './table.ts';

// What a batch holds about one row is folded, not cut to its last event: that one may lack a large column that it did not change, or
// be a late older one.

/** One event, ready to be written. */
export interface Entry {
  /** Its place in the batch. */
  readonly at: number;
  readonly table: Table;
  readonly pkFields: readonly string[];
  readonly isDelete: boolean;
  readonly texts: Texts;
  /** The table and the key's texts: the same for all events about one row. */
  readonly row: string;
  /** The key's texts, for messages. */
  readonly key: string;
  /** `topic[partition]` */
  readonly source: string;
  readonly offset: number;
  /** Whose log `lsn` is a position in. */
  readonly server: string | undefined;
  readonly lsn: bigint | undefined;
}

/**
 * Divides entries, in the order of their offsets, into waves that are written one after the other; each has one entry per row, which is
 * what the events about it come to. A row that is deleted and written again begins a new wave: what the old row held must be gone.
 *
 * @param guard tells by the log's positions which of two events is older; an older one changes nothing
 */
export function wavesOf(entries: readonly Entry[], guard: boolean): Entry[][] {
  const waves: Array<Map<string, Entry>> = [];
  let wave = new Map<string, Entry>();
  for (const entry of entries) {
    const before = wave.get(entry.row);
    if (before !== undefined && guard && isOlder(entry, before)) continue;
    if (before?.isDelete && !entry.isDelete) {
      waves.push(wave);
      wave = new Map([[entry.row, entry]]);
    } else wave.set(entry.row, before === undefined ? entry : combined(before, entry));
  }
  // By the last event about each row: a value that passes from row to row is then given away before it is taken.
  return [...waves, wave].map((rows) => [...rows.values()].sort((one, other) => one.at - other.at));
}

function isOlder(entry: Entry, before: Entry): boolean {
  if (entry.server !== before.server || entry.lsn === undefined || before.lsn === undefined) return false;
  return entry.lsn < before.lsn;
}

/** A column that the later event leaves alone is what those before it made it. */
function combined(before: Entry, next: Entry): Entry {
  if (next.isDelete !== before.isDelete) return next;
  // A tombstone does not know the log's position; the delete before it does.
  const position = next.lsn === undefined ? { server: before.server, lsn: before.lsn } : {};
  return { ...next, ...position, texts: next.isDelete ? next.texts : overlaid(before.texts, next.texts) };
}

function overlaid(below: Texts, above: Texts): Texts {
  const given = new Set(above.columns.map(({ name }) => name));
  const kept = below.columns.flatMap((column, at) => (given.has(column.name) ? [] : [{ column, value: below.values[at] ?? null }]));
  if (kept.length === 0) return above;
  return {
    columns: [...above.columns, ...kept.map(({ column }) => column)],
    values: [...above.values, ...kept.map(({ value }) => value)],
  };
}

/** Entries that one statement can write. */
export interface Section {
  readonly table: Table;
  readonly pkFields: readonly string[];
  readonly isDelete: boolean;
  readonly columns: readonly Column[];
  readonly entries: readonly Entry[];
}

/** By table, kind and columns: rows that lack a column must leave it as it is. */
export function sectionsOf(entries: readonly Entry[]): Section[] {
  const sections = new Map<string, Section & { entries: Entry[] }>();
  for (const entry of entries) {
    const { table, pkFields, isDelete, texts } = entry;
    const id = [table.name, isDelete, ...pkFields, '', ...texts.columns.map(({ name }) => name)].join('\u0000');
    const section = sections.get(id);
    if (section === undefined) sections.set(id, { table, pkFields, isDelete, columns: texts.columns, entries: [entry] });
    else section.entries.push(entry);
  }
  return [...sections.values()];
}

/** One array per column, then (with a guard) the sources, the offsets and the log positions. */
export function parametersOf({ columns, entries }: Section, guard: boolean): unknown[] {
  const arrays: unknown[] = columns.map((_, at) => entries.map(({ texts }) => texts.values[at] ?? null));
  if (!guard) return arrays;
  return [
    ...arrays,
    entries.map(({ source, server }) => sourceText(source, server)),
    entries.map(({ offset }) => String(offset)),
    entries.map(({ lsn }) => (lsn === undefined ? null : String(lsn))),
  ];
}
