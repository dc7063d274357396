import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postgresWriter } from '../../src/connect/index.ts';
import { stopPostgres, type TestDatabase, testDatabase } from '../helpers/postgres.ts';
import { event, field, schemed } from './support/events.ts';
import { goldenRecords, goldensAbsent, goldenText } from './support/goldens.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
}, 60_000);
afterEach(() => db.close());
afterAll(() => stopPostgres());

const decimal = (scale: string, precision?: string) => ({
  name: 'org.apache.kafka.connect.data.Decimal',
  parameters: { scale, ...(precision !== undefined && { 'connect.decimal.precision': precision }) },
});

/** Field, value, type of the column that is made for it, and its text there. */
const TYPES: ReadonlyArray<readonly [object, unknown, string, string]> = [
  [field('int16', 'int16'), -32_768, 'smallint', '-32768'],
  [field('int64', 'int64'), 9_007_199_254_740_993n, 'bigint', '9007199254740993'],
  [field('float', 'float'), 1.1, 'real', '1.1'],
  [field('double', 'double'), 'NaN', 'double precision', 'NaN'],
  [field('yes', 'boolean'), true, 'boolean', 'true'],
  [field('bytes', 'bytes'), 'AP8Q3q2+7w==', 'bytea', '\\x00ff10deadbeef'],
  [field('price', 'bytes', decimal('2', '10')), 'SZYC0g==', 'numeric(10,2)', '12345678.90'],
  [field('minus', 'bytes', decimal('2')), '/2o=', 'numeric', '-1.50'],
  [field('tenth', 'bytes', decimal('2')), 'Cg==', 'numeric', '0.10'],
  [field('tens', 'bytes', decimal('-2')), 'Cg==', 'numeric', '1000'],
  [field('any', 'struct', { name: 'io.debezium.data.VariableScaleDecimal' }), { scale: 3, value: 'fw==' }, 'numeric', '0.127'],
  [field('day', 'int32', { name: 'io.debezium.time.Date' }), 19_782, 'date', '2024-02-29'],
  [field('old_day', 'int32', { name: 'io.debezium.time.Date' }), -719_529, 'date', '0002-12-31 BC'],
  [field('ever', 'int32', { name: 'io.debezium.time.Date' }), 2_146_033_979, 'date', 'infinity'],
  [field('last_day', 'int32', { name: 'io.debezium.time.Date' }), 2_145_042_905, 'date', '5874897-12-31'],
  [
    field('nano_ever', 'int64', { name: 'io.debezium.time.NanoTimestamp' }),
    9_223_372_036_854_775_807n,
    'timestamp without time zone',
    'infinity',
  ],
  [
    field('last_moment', 'int64', { name: 'io.debezium.time.MicroTimestamp' }),
    9_224_318_015_999_999_999n,
    'timestamp without time zone',
    '294276-12-31 23:59:59.999999',
  ],
  [field('far_day', 'int32', { name: 'org.apache.kafka.connect.data.Date' }), 2_932_896, 'date', '9999-12-31'],
  [field('iso_day', 'string', { name: 'io.debezium.time.IsoDate' }), '2024-02-29Z', 'date', '2024-02-29'],
  [field('time', 'int64', { name: 'io.debezium.time.MicroTime' }), 86_400_000_000, 'time without time zone', '24:00:00'],
  [field('time3', 'int32', { name: 'io.debezium.time.Time' }), 45_296_789, 'time without time zone', '12:34:56.789'],
  [field('iso_time', 'string', { name: 'io.debezium.time.IsoTime' }), '12:34:56.789Z', 'time without time zone', '12:34:56.789'],
  [field('zoned_time', 'string', { name: 'io.debezium.time.ZonedTime' }), '10:34:56.5Z', 'time with time zone', '10:34:56.5+00'],
  [
    field('at', 'int64', { name: 'io.debezium.time.MicroTimestamp' }),
    1_709_210_096_789_012,
    'timestamp without time zone',
    '2024-02-29 12:34:56.789012',
  ],
  [field('before', 'int64', { name: 'io.debezium.time.MicroTimestamp' }), -1, 'timestamp without time zone', '1969-12-31 23:59:59.999999'],
  [
    field('never', 'int64', { name: 'io.debezium.time.MicroTimestamp' }),
    9_223_372_036_854_775_807n,
    'timestamp without time zone',
    'infinity',
  ],
  [
    field('at3', 'int64', { name: 'io.debezium.time.Timestamp' }),
    1_709_210_096_789,
    'timestamp without time zone',
    '2024-02-29 12:34:56.789',
  ],
  [
    field('iso_at', 'string', { name: 'io.debezium.time.IsoTimestamp' }),
    '2024-02-29T12:34:56.789012Z',
    'timestamp without time zone',
    '2024-02-29 12:34:56.789012',
  ],
  [
    field('zoned', 'string', { name: 'io.debezium.time.ZonedTimestamp' }),
    '2024-02-29T10:34:56.789012Z',
    'timestamp with time zone',
    '2024-02-29 10:34:56.789012+00',
  ],
  [
    field('zoned_bc', 'string', { name: 'io.debezium.time.ZonedTimestamp' }),
    '-0043-03-15T00:00:00Z',
    'timestamp with time zone',
    '0044-03-15 00:00:00+00 BC',
  ],
  [
    field('zoned_far', 'string', { name: 'io.debezium.time.ZonedTimestamp' }),
    '+12024-02-29T00:00:00Z',
    'timestamp with time zone',
    '12024-02-29 00:00:00+00',
  ],
  [field('zoned_never', 'string', { name: 'io.debezium.time.ZonedTimestamp' }), '-infinity', 'timestamp with time zone', '-infinity'],
  [field('long', 'int64', { name: 'io.debezium.time.MicroDuration' }), 37_091_106_789_000, 'interval', '10303:05:06.789'],
  [
    field('iso_long', 'string', { name: 'io.debezium.time.Interval' }),
    'P1Y2M3DT4H5M6.789S',
    'interval',
    '1 year 2 mons 3 days 04:05:06.789',
  ],
  [field('json', 'string', { name: 'io.debezium.data.Json' }), '{"b": 1,  "a": [2.50]}', 'json', '{"b": 1,  "a": [2.50]}'],
  [
    field('uuid', 'string', { name: 'io.debezium.data.Uuid' }),
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'uuid',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  ],
  [field('bits', 'bytes', { name: 'io.debezium.data.Bits', parameters: { length: '10' } }), 'FgI=', 'bit(10)', '1000010110'],
  [field('some_bits', 'bytes', { name: 'io.debezium.data.Bits', parameters: { length: '2147483647' } }), 'Fg==', 'bit varying', '10110'],
  [field('fuel', 'string', { name: 'io.debezium.data.Enum', parameters: { allowed: 'a,b' } }), 'a', 'text', 'a'],
  [field('xml', 'string', { name: 'io.debezium.data.Xml' }), '<a>1</a>', 'xml', '<a>1</a>'],
  [field('point', 'struct', { name: 'io.debezium.data.geometry.Point' }), { x: 1.5, y: -2, wkb: null, srid: null }, 'point', '(1.5,-2)'],
  [field('whole', 'struct', { fields: [] }), { a: [1, 'x'] }, 'jsonb', '{"a": [1, "x"]}'],
  [field('numbers', 'array', { items: { type: 'int32', optional: true } }), [1, null, 3], 'integer[]', '{1,NULL,3}'],
  [field('texts', 'array', { items: { type: 'string' } }), ['a"b\\', 'NULL', '', null], 'text[]', '{"a\\"b\\\\","NULL","",NULL}'],
  [
    field('nested', 'array', { items: { type: 'array', items: { type: 'int32' } } }),
    [
      [1, 2],
      [3, null],
    ],
    'integer[]',
    '{{1,2},{3,NULL}}',
  ],
  [field('prices', 'array', { items: { type: 'bytes', ...decimal('2', '6') } }), ['AJY=', '/x8='], 'numeric(6,2)[]', '{1.50,-2.25}'],
  [field('thousands', 'bytes', decimal('2045', '5')), 'AA==', 'numeric', `0.${'0'.repeat(2045)}`],
  [field('strange', 'int32', { name: 'com.example.Strange' }), 5, 'integer', '5'],
];

describe('types', () => {
  it('of change events are made as columns and written exactly', async () => {
    const sink = postgresWriter<unknown, unknown>({ url: db.url, table: 'made', autoCreate: true, pkFields: ['id'] });
    await sink.open?.('store');
    const names = TYPES.map(([{ field: name }]: readonly [{ field?: string }, ...unknown[]]) => String(name));
    const fields = [field('id', 'int32'), ...TYPES.map(([own]) => own)];
    const row = Object.fromEntries(TYPES.map(([, value], at) => [names[at], value]));
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    const outcomes = await sink.write([
      event({ id: 1 }, schemed(fields, { id: 1, ...row }), 0),
      event({ id: 2 }, schemed(fields, { id: 2, ...nulls }), 1),
    ]);
    expect(outcomes).toEqual([{ state: 'written' }, { state: 'written' }]);
    const columns = await db.query<{ name: string; type: string }>(
      "select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'made'::regclass and attnum > 1 and attname not like '\\_streamer%'",
    );
    const [texts, none] = await db.query<Record<string, string | null>>(
      `select ${names.map((name) => `"${name}"::text`).join(', ')} from made order by id`,
    );
    expect(columns.map(({ name, type }) => [name, type, texts?.[name]])).toEqual(
      TYPES.map(([, , type, text], at) => [names[at], type, text]),
    );
    expect(new Set(Object.values(none ?? {}))).toEqual(new Set([null]));
    await sink.close?.();
  });

  it('that do not fit are refused with the column', async () => {
    await db.query('create table cars (id integer primary key, day date, bits bytea, n numeric)');
    const sink = postgresWriter<unknown, unknown>({ url: db.url, table: 'cars', autoEvolve: true });
    await sink.open?.('store');
    const day = field('day', 'int32', { name: 'io.debezium.time.Date' });
    const outcomes = await sink.write([
      event({ id: 1 }, schemed([day], { day: 'tomorrow' }), 0),
      event({ id: 2 }, { day: '2024-02-30' }, 1),
      event({ id: 3 }, { bits: 'AP8=' }, 2),
      event({ id: 4 }, schemed([field('n', 'bytes', decimal('2'))], { n: '' }), 3),
      event({ id: 5 }, { n: { a: 1 } }, 4),
    ]);
    const reasons = outcomes.map((outcome) => (outcome.state === 'refused' ? (outcome.error as Error).message : outcome.state));
    expect(reasons).toEqual([
      expect.stringMatching(/column "day" \(date\) cannot take "tomorrow": expected a whole number/),
      expect.stringMatching(/column "day": date\/time field value out of range/),
      expect.stringMatching(/column "bits" \(bytea\) cannot take "AP8=": text does not say how it encodes bytes/),
      expect.stringMatching(/column "n" \(numeric\) cannot take "": a decimal without digits/),
      expect.stringMatching(/column "n" \(numeric\) cannot take {"a":1}: expected text, a number or a boolean/),
    ]);
    await sink.close?.();
  });
});

/** Debezium's own records, written into copies of the tables that they came from. */
describe.skipIf(goldensAbsent !== undefined)(`Debezium's records ${goldensAbsent ?? ''}`, () => {
  it.each(['schema.json', 'unwrap-schema.json'])('%s give the tables that they were made from', async (file) => {
    await db.query(goldenText('schema.sql'));
    for (const statement of goldenText('changes.sql').split(/;\n/)) if (statement.trim() !== '') await db.query(statement);
    await db.query('create schema copy');
    const keyed = ['tbl_car_price', 't_types', 't_toast', 't_full', 't_composite'];
    for (const table of keyed) await db.query(`create table copy.${table} (like ${table} including all)`);
    const sink = postgresWriter<unknown, unknown>({
      url: db.url,
      table: ({ topic }) => `copy.${topic.split('.').at(-1)}`,
      values: file === 'schema.json' ? 'changes' : 'rows',
      autoEvolve: true,
    });
    await sink.open?.('store');
    for (const table of keyed) {
      const records = goldenRecords(file).filter(({ topic }) => topic.endsWith(`.${table}`));
      const events = records.map(({ key, value, topic }, offset) =>
        event(key && Buffer.from(key), value && Buffer.from(value), offset, topic),
      );
      // A row at a time, so that every change is written and not only the last one of each row.
      for (const one of events) expect(await sink.write([one])).toEqual([{ state: 'written' }]);
      const left = await rowsOf(`copy.${table}`);
      const right = await rowsOf(table);
      expect(left.length).toBe(right.length);
      for (const [at, row] of right.entries()) expect(left[at]).toEqual(table === 't_types' ? known(row) : row);
    }
    await sink.close?.();
  });
});

async function rowsOf(table: string): Promise<Array<Record<string, string | null>>> {
  const columns = await db.query<{ name: string }>(
    "select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname not like '\\_streamer%'",
    [table],
  );
  return db.query(`select ${columns.map(({ name }) => `"${name}"::text`).join(', ')} from ${table} order by 1`);
}

/** What a change event cannot hold as the table has it. */
function known(row: Record<string, string | null>): Record<string, string | null> {
  return {
    ...row,
    // Months and days are counted in hours.
    ...(row.iv && { iv: row.iv === '-1 days' ? '-24:00:00' : '10303:05:06.789' }),
    // In UTC.
    ...(row.ttz && { ttz: '10:34:56.789012+00' }),
    // A null in a column that has a default is written as the default.
    ...(row.id === '8' && { txt_d: 'none' }),
  };
}
