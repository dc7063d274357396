import { Discontinuity } from '../discontinuity.ts';
import type { Database } from '../server/database.ts';
import { shownTable, type TableName } from '../server/sql.ts';
import { readPublication } from './publication.ts';
import { markPublication, type PublicationUse, readPublicationState } from './publication-state.ts';

/** A table and its number in the catalogue, which another table of the same name does not have. */
export interface IdentifiedTable extends TableName {
  readonly oid: number;
}

/** One text that changes when a table is dropped or renamed, or the publication changes. */
const FINGERPRINT = `select coalesce((select p.oid || ':' || p.xmin || ':' || coalesce(
      (select string_agg(r.oid || ':' || r.xmin || ':' || r.prrelid, ',' order by r.oid) from pg_publication_rel r where r.prpubid = p.oid), '')
    from pg_publication p where p.pubname = $1), '') || ';' || coalesce(
  (select string_agg(c.oid || ':' || c.relnamespace || ':' || c.relname, ',' order by c.oid) from pg_class c where c.oid = any ($2::oid[])), '')`;

const NOW = `select w.at, n.nspname, c.relname, other.oid
  from unnest($1::oid[], $2::text[], $3::text[]) with ordinality w(oid, schema, name, at)
  left join pg_class c on c.oid = w.oid left join pg_namespace n on n.oid = c.relnamespace
  left join (pg_class other join pg_namespace ofother on ofother.oid = other.relnamespace)
    on ofother.nspname = w.schema and other.relname = w.name and other.oid <> w.oid
  order by w.at`;

/** Notices that a captured table is no longer read: the log itself says nothing then. */
export class TableWatch {
  readonly #database: Database;
  readonly #publication: string;
  readonly #tables: readonly IdentifiedTable[];
  readonly #use: PublicationUse;
  #fingerprint: string | null = null;
  #identity: string | undefined;
  #operations: readonly string[] | undefined;

  constructor(database: Database, { publication, slot }: Omit<PublicationUse, 'oids'>, tables: readonly IdentifiedTable[]) {
    this.#database = database;
    this.#publication = publication;
    this.#tables = tables;
    this.#use = { publication, slot, oids: tables.map(({ oid }) => oid) };
  }

  /** Returns a gap when a table was dropped, recreated, renamed, or removed from the publication, or when that publishes less. */
  async gap(): Promise<Discontinuity | undefined> {
    const oids = `{${this.#tables.map(({ oid }) => oid).join(',')}}`;
    const fingerprint = await this.#database.value(FINGERPRINT, [this.#publication, oids]);
    if (fingerprint === this.#fingerprint) return undefined;
    const changed = await this.#changes();
    const texts = changed.length > 0 ? changed : await this.#exchanges();
    if (texts.length > 0) return new Discontinuity('onTableReplaced', `${texts.join('; ')}: later changes are not read`);
    this.#fingerprint = fingerprint;
    return undefined;
  }

  /** What is as before may have been dropped and created again between two looks. Leaves a mark for the next start. */
  async #exchanges(): Promise<string[]> {
    const state = await readPublicationState(this.#database, this.#use);
    if (state === undefined) return [];
    this.#identity ??= state.identity;
    if (state.identity !== this.#identity)
      return [`the publication "${this.#publication}", or a table of it, was dropped and created again, or removed and added again`];
    await markPublication(this.#database, this.#use, state);
    return [];
  }

  async #changes(): Promise<string[]> {
    const publication = await readPublication(this.#database, this.#publication, this.#tables);
    const moved = await this.#moves();
    if (publication === undefined)
      return [...moved, `the publication "${this.#publication}" of ${this.#tables.map(shownTable).join(', ')} was dropped`];
    if (moved.length > 0) return moved;
    this.#operations ??= publication.operations;
    const unpublished = this.#operations.filter((op) => !publication.operations.includes(op));
    if (unpublished.length > 0)
      return [`the publication "${this.#publication}" no longer publishes the operations ${unpublished.join(', ')}`];
    return publication.missing.map((table) => `${shownTable(table)} was removed from the publication "${this.#publication}"`);
  }

  async #moves(): Promise<string[]> {
    const oids = `{${this.#tables.map(({ oid }) => oid).join(',')}}`;
    const [schemas, names] = [this.#tables.map(({ schema }) => schema), this.#tables.map(({ name }) => name)];
    const rows = await this.#database.rows(NOW, [oids, schemas, names]);
    return this.#tables.flatMap((table, at) => {
      const [, schema = null, name = null, other = null] = rows[at] ?? [];
      const known = shownTable(table);
      if (name === null) return [other === null ? `${known} was dropped` : `${known} was dropped and recreated`];
      if (schema === table.schema && name === table.name) return [];
      return [`${known} was renamed to ${schema}.${name}${other === null ? '' : ', and another table has its name now'}`];
    });
  }
}
