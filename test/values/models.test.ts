import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http, type Model, ModelError, xgboost } from '../../src/models/index.ts';
import { type ModelServer, serveModel } from '../../src/web/index.ts';
import { bytesOf, smallModel } from '../models/support/small-model.ts';
import { ASKED, SENT } from './model-tables.ts';
import { rendered, type Table } from './tables.ts';

const DOCS = new URL('../../docs/values.md', import.meta.url);

let server: Server;
let origin: string;
let asked = '';
let answer: Buffer = Buffer.from('[1]');
let served: ModelServer;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked = '';
    for await (const chunk of request) asked += String(chunk);
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const file = bytesOf(smallModel({ features: 1, names: ['x'], trees: [{ feature: 0, below: 0.5, missing: 'left', left: 1, right: 2 }] }));
  served = await serveModel({ model: xgboost(file), port: 0 });
});

afterAll(async () => {
  await served.close();
  await new Promise((resolve) => server.close(resolve));
});

async function orRefused(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModelError) return 'refused';
    throw error;
  }
}

function check<Place extends string>(table: Table<Place>, happens: (place: Place, value: unknown) => Promise<string>): void {
  it.each(table.rows.map(({ name }, at) => [name, at] as const))('%s', async (_, at) => {
    const row = table.rows[at];
    for (const place of table.places)
      expect(await happens(place, row?.value), place).toBe(row?.cells[place].replace(/^(refused|exact):.*/, '$1'));
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

describe('rows that are sent', () => {
  check(SENT, (place, value) => {
    const isRows = place === 'http.rows() and others';
    answer = Buffer.from(isRows ? '[1]' : '{"predictions":[1]}');
    const model: Model<unknown, unknown> = isRows ? http.rows(origin) : http.tensorFlowServing(origin, { model: 'm' });
    return orRefused(async () => {
      await model.predict([{ x: value }]);
      const [, text] = /\{"x":(.*)\}\]\}?$/.exec(asked) ?? [];
      return text === undefined ? 'left out' : `\`${text}\``;
    });
  });
});

describe('JSON that is read', () => {
  check(ASKED, async (place, value) => {
    const text = value instanceof Buffer ? value : Buffer.from(String(value));
    if (place === 'an answer') {
      answer = Buffer.concat([Buffer.from('[7,'), text, Buffer.from(']')]);
      return orRefused(async () => {
        const [, got] = await http.rows<unknown, unknown>(origin).predict([1, 2]);
        return Object.is(got, JSON.parse(String(text))) ? 'exact' : `\`${got}\``;
      });
    }
    const body = Buffer.concat([Buffer.from('[{"x":'), text, Buffer.from('}]')]);
    const response = await fetch(served.url, { method: 'POST', body });
    const answered = await response.text();
    if (response.status !== 422) return answered === (Number(text) >= 0.5 ? '[2]' : '[1]') ? 'exact' : answered;
    expect(answered).toContain('"loc":["body"');
    return 'refused';
  });
});
