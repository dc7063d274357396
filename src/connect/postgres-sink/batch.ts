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
