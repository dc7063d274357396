import type { Database } from '../server/database.ts';
import type { TableName } from '../server/sql.ts';

/** A wanted table as the catalogue has it, and what the connected role may do with it. */
export interface TableFacts extends TableName {
  /** Absent when there is no such table. */
  readonly oid: number | undefined;
  /** An ordinary or a partitioned table whose changes are in the log: not a view, a temporary or an unlogged table. */
  readonly isLogged: boolean;
  /** The tables among it and its partitions of which an update or delete cannot be published. */
  readonly withoutIdentity: readonly string[];
  readonly hasKey: boolean;
  /** By its transaction, it was created after the position of the slot. False without a slot. */
  readonly isNewerThanSlot: boolean;
  /** The publication lists it, instead of taking in whatever table there is. */
  readonly isListed: boolean;
  /** May the role add it to a publication? */
  readonly isOwned: boolean;
  readonly isReadable: boolean;
  /** Does row security hide rows from the role? */
  readonly hidesRows: boolean;
  readonly columns: readonly ColumnFacts[];
}

export interface ColumnFacts {
  readonly name: string;
  /** As `pg_attribute.attgenerated`: `s` for stored, `v` for virtual, empty for an ordinary column. */
  readonly generated: string;
}

/** A deferrable primary key does not identify rows for replication. */
const HAS_IDENTITY = `(t.relreplident = 'f'
  or t.relreplident = 'd' and exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary and i.indimmediate)
  or t.relreplident = 'i' and exists (select from pg_index i where i.indrelid = t.oid and i.indisreplident))`;

const TABLES = `select w.at, c.oid, c.relkind in ('r', 'p') and c.relpersistence = 'p',
    (select string_agg(format('%I.%I', tn.nspname, t.relname), ', ' order by t.oid)
      from (select c.oid union select relid from pg_partition_tree(c.oid) where isleaf) leaf
      join pg_class t on t.oid = leaf.oid join pg_namespace tn on tn.oid = t.relnamespace
      where t.relkind = 'r' and not ${HAS_IDENTITY}),
    exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indexprs is null),
    pg_has_role(c.relowner, 'usage'),
    has_schema_privilege(n.oid, 'usage') and (has_table_privilege(c.oid, 'select')
      or (select bool_and(has_column_privilege(c.oid, a.attnum, 'select')) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)),
    row_security_active(c.oid) or c.relrowsecurity and not (pg_has_role(c.relowner, 'usage') and not c.relforcerowsecurity)
      and not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
  from unnest($1::text[], $2::text[]) with ordinality w(schema, name, at)
  left join pg_namespace n on n.nspname = w.schema left join pg_class c on c.relnamespace = n.oid and c.relname = w.name
  order by w.at`;

/**
 * The catalogue's rows of system columns are never updated, so that their `xmin` is the transaction that created the table. A slot
 * holds back the catalogue from `catalog_xmin` on: younger transactions had not ended before its position.
 */
const AGES = `select c.oid, coalesce((select age(a.xmin) >= 0 and age(a.xmin) <= age(s.catalog_xmin)
      from pg_attribute a, pg_replication_slots s where a.attrelid = c.oid and a.attname = 'tableoid' and s.slot_name = $2), false),
    exists (select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where p.pubname = $3
      and (r.prrelid = c.oid or r.prrelid in (select relid from pg_partition_ancestors(c.oid))))
  from unnest($1::oid[]) c(oid)`;

const COLUMNS = `select attrelid, attname, attgenerated from pg_attribute
  where attrelid = any ($1::oid[]) and attnum > 0 and not attisdropped order by attrelid, attnum`;

/** Returns the facts of each table, in the order given. */
export async function readTableFacts(
  database: Database,
  tables: readonly TableName[],
  { slot, publication }: { readonly slot: string; readonly publication: string },
): Promise<TableFacts[]> {
  const rows = await database.rows(TABLES, [tables.map(({ schema }) => schema), tables.map(({ name }) => name)]);
  const oids = rows.flatMap(([, oid]) => (oid === null || oid === undefined ? [] : [oid]));
  const columns = await database.rows(COLUMNS, [`{${oids.join(',')}}`]);
  const ages = await database.rows(AGES, [`{${oids.join(',')}}`, slot, publication]);
  return tables.map((table, at): TableFacts => {
    const [, oid = null, isLogged, withoutIdentity = null, hasKey, isOwned, isReadable, hidesRows] = rows[at] ?? [];
    const own = columns.filter(([of]) => of === oid);
    const [, isNewer, isListed] = ages.find(([of]) => of === oid) ?? [];
    return {
      schema: table.schema,
      name: table.name,
      oid: oid === null ? undefined : Number(oid),
      isLogged: isLogged === 't',
      withoutIdentity: withoutIdentity === null ? [] : withoutIdentity.split(', '),
      hasKey: hasKey === 't',
      isNewerThanSlot: isNewer === 't',
      isListed: isListed === 't',
      isOwned: isOwned === 't',
      isReadable: isReadable === 't',
      hidesRows: hidesRows === 't',
      columns: own.map(([, name, generated]) => ({ name: name ?? '', generated: generated ?? '' })),
    };
  });
}

/** Returns tables that are spelt nearly like one that does not exist: in another case, or with a dot in the schema's name. */
export async function similarTables(database: Database, { schema, name }: TableName): Promise<TableName[]> {
  const rows = await database.rows(
    `select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and lower(n.nspname || '.' || c.relname) in (lower($1 || '.' || $2), lower('public.' || $1 || '.' || $2))`,
    [schema, name],
  );
  return rows.map(([ofSchema, ofName]) => ({ schema: ofSchema ?? '', name: ofName ?? '' }));
}
