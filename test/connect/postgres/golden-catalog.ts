import type { CatalogEntry } from '../../../src/connect/postgres/catalog/catalog.ts';
import { decodeMessage } from '../../../src/connect/postgres/pgoutput/decode.ts';
import type { PgType } from '../../../src/connect/postgres/types/field-type.ts';

/** What the catalogue says of the goldens' tables (their schema.sql): columns that are required or have a default, and the key. */
const TABLES: Readonly<
  Record<string, { readonly required?: readonly string[]; readonly defaults?: Record<string, string>; readonly key: readonly string[] }>
> = {
  tbl_car_price: { required: ['id', 'model'], defaults: { id: `nextval('tbl_car_price_id_seq'::regclass)` }, key: ['id'] },
  t_types: {
    required: ['id', 'i8_nn', 'n_d', 'ts_d'],
    defaults: { i8_nn: '7', txt_d: `'none'::text`, n_d: '1.5', ts_d: `'2020-01-01 00:00:00'::timestamp without time zone` },
    key: ['id'],
  },
  t_toast: { required: ['id'], key: ['id'] },
  t_full: { required: ['id'], key: ['id'] },
  t_composite: { required: ['a', 'b'], defaults: { added: '5' }, key: ['b', 'a'] },
  t_nokey: { key: [] },
  t_truncate: { required: ['id'], key: ['id'] },
  t_empty: { required: ['id'], key: ['id'] },
  t_end: { required: ['id'], key: ['id'] },
};

/** Of PostgreSQL's own types: oid, name, oid of the element. */
const BUILT_IN: ReadonlyArray<readonly [number, string, number?]> = [
  [16, 'bool'],
  [17, 'bytea'],
  [20, 'int8'],
  [21, 'int2'],
  [23, 'int4'],
  [25, 'text'],
  [114, 'json'],
  [142, 'xml'],
  [600, 'point'],
  [700, 'float4'],
  [701, 'float8'],
  [790, 'money'],
  [869, 'inet'],
  [1042, 'bpchar'],
  [1043, 'varchar'],
  [1082, 'date'],
  [1083, 'time'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1186, 'interval'],
  [1266, 'timetz'],
  [1560, 'bit'],
  [1700, 'numeric'],
  [2950, 'uuid'],
  [3802, 'jsonb'],
  [3904, 'int4range'],
  [1007, '_int4', 23],
  [1009, '_text', 25],
  [1231, '_numeric', 1700],
];

/** A catalogue for the messages given: the numbers of tables and of the enum are those of the server that wrote them. */
export function goldenCatalog(messages: readonly Buffer[]) {
  const tables = new Map<number, CatalogEntry>();
  const types = new Map(BUILT_IN.map(([oid, name, element = 0]) => [oid, typeOf(oid, name, element)]));
  for (const message of messages.map((bytes) => decodeMessage(bytes))) {
    if (message.kind !== 'relation') continue;
    const { required = [], defaults = {}, key } = TABLES[message.table]!;
    const columns = message.columns.map(
      ({ name }) => [name, { isRequired: required.includes(name), default: defaults[name] ?? null }] as const,
    );
    tables.set(message.id, { version: '', columns: new Map(columns), key });
    const fuel = message.columns.find(({ name }) => name === 'fuel');
    if (fuel !== undefined)
      types.set(fuel.typeOid, { ...typeOf(fuel.typeOid, 'fuel', 0), category: 'E', labels: ['petrol', 'diesel', 'electric'] });
  }
  return { types, tables: async (oids: readonly number[]) => new Map(oids.map((oid) => [oid, tables.get(oid)!])) };
}

function typeOf(oid: number, name: string, element: number): PgType {
  return { oid, name, schema: 'pg_catalog', category: element === 0 ? 'X' : 'A', element, base: 0, modifier: -1 };
}
