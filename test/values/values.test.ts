import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvFileWriter, postgresWriter, readCsv, type SinkWriter } from '../../src/connect/index.ts';
import { isStreamerError } from '../../src/errors.ts';
import { ExactNumber, headersOf, type Serde } from '../../src/topics/index.ts';
import { withFolder } from '../cli/helpers.ts';
import { event } from '../connect/support/events.ts';
import { stopPostgres, type TestDatabase, testDatabase } from '../helpers/postgres.ts';
import { COLUMNS, JSON_SERDES, NUMBER_SERDES, NUMBERS, READ, rendered, type Table, TEXT_SERDES, TEXTS, WRITTEN } from './tables.ts';

const DOCS = new URL('../../docs/values.md', import.meta.url);
const CONTEXT = { topic: 'values', part: 'value' } as const;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
}, 60_000);
afterAll(async () => {
  await db.close();
  await stopPostgres();
});

/** `refused` for an error that names what it is about; anything else that is thrown fails the test. */
async function orRefused(work: () => Promise<string> | string): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (isStreamerError(error) && ['VALIDATION', 'DECODE', 'REFUSED'].includes(error.code)) return 'refused';
    throw error;
  }
}

function same(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right) && Object.is(typeof left === 'number' ? left : 0, typeof right === 'number' ? right : 0);
}

async function coded(serde: Serde<unknown>, value: unknown): Promise<{ readonly text: string; readonly back: unknown }> {
  const bytes = await serde.encode(value, CONTEXT);
  return { text: bytes.toString('utf8'), back: await serde.decode(bytes, CONTEXT) };
}

/** In a field, as most values are. */
function inJson(serde: Serde<unknown>, value: unknown): Promise<string> {
  return orRefused(async () => {
    const { text, back } = await coded(serde, { x: value });
    if (text === '{}') return 'left out';
    return same(back, { x: value }) ? 'exact' : `\`${text.slice('{"x":'.length, -1)}\``;
  });
}

function inNumber(serde: Serde<never, unknown>, value: unknown): Promise<string> {
  return orRefused(async () => {
    const { back } = await coded(serde as Serde<unknown>, value);
    if (same(back, value)) return 'exact';
    return Math.fround(Number(value)) === back && back !== 0 ? 'to 24 bits' : `\`${back}\``;
  });
}

async function stateOf(sink: SinkWriter<unknown, unknown>, value: unknown): Promise<unknown> {
  const [outcome] = await sink.write([event({ id: 1 }, value, 0)]);
  if (outcome?.state === 'refused') throw outcome.error;
  return outcome?.state;
}

function inCsv(value: unknown): Promise<string> {
  return withFolder((folder) =>
    orRefused(async () => {
      const file = join(folder, 'out.csv');
      const sink = csvFileWriter<unknown, unknown>(file, { columns: ['id', 'x'] });
      await sink.open?.('values');
      try {
        await stateOf(sink, { id: 1, x: value });
      } finally {
        await sink.close?.();
      }
      for await (const result of readCsv(file)) if ('row' in result) return result.row.x ?? '';
      return 'lost';
    }),
  );
}

let tables = 0;

/** The text that a column has, of a value that is written into it. */
async function inColumn(type: string, value: unknown): Promise<string | null> {
  const table = `v${tables++}`;
  await db.query(`create table ${table} (id int primary key, x ${type})`);
  const sink = postgresWriter<unknown, unknown>({ url: db.url, table, guard: false });
  await sink.open?.('values');
  try {
    await stateOf(sink, { id: 1, x: value });
  } finally {
    await sink.close?.();
  }
  const [row] = await db.query<{ x: string | null }>(`select x::text from ${table}`);
  return row?.x ?? null;
}

function check<Place extends string>(table: Table<Place>, see: (place: Place, value: unknown, name: string) => Promise<string>): void {
  it.each(table.rows)('$name', async ({ name, value, cells }) => {
    const seen: Partial<Record<Place, string>> = {};
    for (const place of table.places) seen[place] = await see(place, value, name);
    expect(seen).toEqual(cells);
  });

  it('is the table of the docs', () => {
    const [start, end] = [`<!-- table: ${table.name} -->\n`, '\n<!-- end -->'];
    const text = readFileSync(DOCS, 'utf8');
    const from = text.indexOf(start) + start.length;
    const to = text.indexOf(end, from);
    if (process.env.UPDATE_DOCS !== undefined) writeFileSync(DOCS, text.slice(0, from) + rendered(table) + text.slice(to));
    else expect(text.slice(from, to)).toBe(rendered(table));
  });
}

describe('values that are written', () => {
  const json = JSON_SERDES;
  check(WRITTEN, async (place, value) => {
    if (place === 'json()' || place === 'exactJson()') return inJson(json[place], value);
    if (place === 'csvFileSink') return csvText(await inCsv(value));
    return orRefused(async () => {
      const text = await inColumn('json', { x: value });
      const back = await json['exactJson()'].decode(Buffer.from(String(text)), CONTEXT);
      if (text === '{}') return 'left out';
      return same(back, { x: value }) ? 'exact' : `\`${text?.slice('{"x":'.length, -1)}\``;
    });
  });
});

function csvText(seen: string): string {
  if (seen === 'refused') return seen;
  return seen === '' ? 'empty' : `\`${seen.replaceAll('\u0000', '\\u0000')}\``;
}

describe('numbers in bytes', () => {
  check(NUMBERS, (place, value) => inNumber(NUMBER_SERDES[place], value));
});

describe('JSON that is read', () => {
  check(READ, (place, value) =>
    orRefused(async () => {
      const source = value instanceof Buffer ? value : Buffer.from(String(value));
      const nearest = (back: unknown) => (String(back) === String(value) || Object.is(back, -0) ? 'exact' : `\`${back}\`, the nearest`);
      if (place === 'json()') return nearest(await JSON_SERDES[place].decode(source, CONTEXT));
      const back = await JSON_SERDES['exactJson()'].decode(source, CONTEXT);
      if (place === 'exactJson()') {
        expect(String(JSON_SERDES[place].encode(back, CONTEXT))).toBe(String(source));
        return back instanceof ExactNumber ? 'exact, an `ExactNumber`' : typeof back === 'bigint' ? 'exact, a `bigint`' : 'exact';
      }
      const [row] = await db.query<{ is: boolean }>('select $1::numeric = $2::numeric as is', [
        await inColumn('numeric', back),
        String(value),
      ]);
      if (Object.is(back, -0)) return '`0`: a numeric has no sign there';
      return row?.is === true ? 'exact' : 'changed';
    }),
  );
});

/** The text that comes back. */
async function textThrough(place: (typeof TEXTS.places)[number], text: string): Promise<unknown> {
  if (place === 'csvFileSink') return inCsv(text);
  if (place === 'postgresUpsert, text') return inColumn('text', text);
  if (place === 'headers') return String(headersOf({ x: text })?.x);
  return (await coded(TEXT_SERDES[place] as Serde<unknown>, text)).back;
}

describe('texts', () => {
  check(TEXTS, (place, value) =>
    orRefused(async () => {
      const seen = await textThrough(place, String(value));
      if (seen === 'refused') return seen;
      return seen === value ? 'exact' : 'changed';
    }),
  );
});

describe('columns of Postgres', () => {
  check(COLUMNS, (_, value, name) =>
    orRefused(async () => {
      const text = await inColumn(name.replaceAll('`', '').split(' for ')[1] ?? '', value);
      return text === (Object.is(value, -0) ? '-0' : String(value)) ? 'exact' : `\`${text}\``;
    }),
  );
});
