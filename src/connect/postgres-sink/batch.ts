import type { Texts } from './row.ts';
import type { Column, Table } from './table.ts';

/** One event, ready to be written. */
export interface Entry {
  /** Its place in the batch. */
  readonly at: number;
  readonly table: Table;
  readonly pkFields: readonly string[];
  readonly isDelete: boolean;
  readonly texts: Texts;
  /** The key's texts: the same for all events about one row. */
  readonly key: string;
  readonly source: string;
  readonly offset: number;
  readonly lsn: bigint | undefined;
}

/**
 * What the events about one row come to, in the order of their offsets: an older one among them changes nothing, and a column that
 * one leaves alone is what those before it made it.
 *
 * @param guard tell by the log's positions which is older
 */
export function settled(entries: readonly Entry[], guard: boolean): Entry {
  return entries.reduce((row, next) => {
    if (guard && row.lsn !== undefined && next.lsn !== undefined && next.lsn < row.lsn) return row;
    if (next.isDelete !== row.isDelete) return next;
    // A tombstone does not know the log's position; the delete before it does.
    return { ...next, texts: next.isDelete ? next.texts : overlaid(row.texts, next.texts), lsn: next.lsn ?? row.lsn };
  });
}

function overlaid(below: Texts, above: Texts): Texts {
  const given = new Set(above.columns.map(({ name }) => name));
  const kept = [...below.columns.keys()].filter((at) => !given.has((below.columns[at] as Column).name));
  if (kept.length === 0) return above;
  return {
    columns: [...above.columns, ...kept.map((at) => below.columns[at] as Column)],
    values: [...above.values, ...kept.map((at) => below.values[at] ?? null)],
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

/** One array per column, then (with a guard) the source, the offsets and the log positions. */
export function parametersOf({ columns, entries }: Section, guard: boolean): unknown[] {
  const arrays: unknown[] = columns.map((_, at) => entries.map(({ texts }) => texts.values[at] ?? null));
  if (!guard) return arrays;
  return [
    ...arrays,
    entries[0]?.source,
    entries.map(({ offset }) => String(offset)),
    entries.map(({ lsn }) => (lsn === undefined ? null : String(lsn))),
  ];
}
