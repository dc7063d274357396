import type { Database } from '../server/database.ts';
import { identifier } from '../server/sql.ts';

/** A publication and its entries for the captured tables, as they are in the catalogue: another state may have left changes out meanwhile. */
export interface PublicationState {
  /** Changes with the publication and with its entries. */
  readonly mark: string;
  /** Changes when the publication, or an entry, is dropped and created again. */
  readonly identity: string;
  /** The mark that a source has left for its slot (`markPublication`). */
  readonly noted: string | undefined;
  /** A transaction that is younger than the slot's position has written some of it. */
  readonly isNewerThanSlot: boolean;
  /** The source may leave its mark: it owns the publication, may write, and the comment is not somebody else's. */
  readonly isMarkable: boolean;
}

export interface PublicationUse {
  readonly publication: string;
  readonly slot: string;
  /** Numbers of the captured tables. */
  readonly oids: readonly number[];
}

/** A slot holds back the catalogue from `catalog_xmin` on: younger transactions had not ended before its position. */
const STATE = `
with own as (select oid, xmin, pubowner from pg_publication where pubname = $1),
  entries as (select r.oid, r.xmin, r.prrelid from pg_publication_rel r join own on own.oid = r.prpubid
    where r.prrelid = any ($2::oid[]) or exists (
      select from unnest($2::oid[]) t(oid), pg_partition_ancestors(t.oid) a where a.relid = r.prrelid)),
  rows as (select xmin from own union all select xmin from entries)
select md5(own.oid || ':' || own.xmin || ';' || coalesce((select string_agg(oid || ':' || xmin, ',' order by oid) from entries), '')),
  own.oid || ';' || coalesce((select string_agg(oid || ':' || prrelid, ',' order by oid) from entries), ''),
  obj_description(own.oid, 'pg_publication'),
  exists (select from rows, pg_replication_slots s where s.slot_name = $3 and age(rows.xmin) between 0 and age(s.catalog_xmin)),
  pg_has_role(own.pubowner, 'usage') and current_setting('transaction_read_only') = 'off'
from own`;

/** Resolves to undefined when there is no such publication. */
export async function readPublicationState(
  database: Database,
  { publication, slot, oids }: PublicationUse,
): Promise<PublicationState | undefined> {
  const [row] = await database.rows(STATE, [publication, `{${oids.join(',')}}`, slot]);
  if (row === undefined) return undefined;
  const [mark, identity, comment = null, isNewer, isOwned] = row;
  const prefix = prefixOf(slot);
  const isOurs = comment?.startsWith(prefix) === true;
  return {
    mark: mark ?? '',
    identity: identity ?? '',
    noted: isOurs ? comment?.slice(prefix.length) : undefined,
    isNewerThanSlot: isNewer === 't',
    isMarkable: isOwned === 't' && (comment === null || isOurs),
  };
}

/** What a source does to a publication of its own: `MARK` stands for a number that changes with the publication. */
export function markStatement({ publication, slot }: Pick<PublicationUse, 'publication' | 'slot'>, mark = 'MARK'): string {
  return `comment on publication ${identifier(publication)} is '${(prefixOf(slot) + mark).replaceAll("'", "''")}'`;
}

/** Leaves the mark in the publication's comment: a source that starts later knows that nothing has changed since. */
export async function markPublication(
  database: Database,
  use: PublicationUse,
  { mark, noted, isMarkable }: PublicationState,
): Promise<void> {
  if (isMarkable && noted !== mark) await database.rows(markStatement(use, mark));
}

function prefixOf(slot: string): string {
  return `streamer, slot ${slot}: `;
}
