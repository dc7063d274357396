import { type App, each, json, optional, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

const Order = z.object({ id: z.string().max(100), amount: z.number().min(0).max(1e9), note: z.string().max(1_000).optional() });
const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

const valid = (n: number) => Buffer.from(JSON.stringify({ id: String(n), amount: n }));
const text = (source: string) => Buffer.from(source, 'utf8');

/** What is wrong, the value that has it, and the code that its dead letter must carry. */
const KINDS: ReadonlyArray<readonly [name: string, value: Buffer, code: 'DECODE' | 'VALIDATION']> = [
  ['empty', Buffer.alloc(0), 'DECODE'],
  ['one blank', text(' '), 'DECODE'],
  ['truncated object', text('{"id":"1","amount":'), 'DECODE'],
  ['truncated string', text('{"id":"1'), 'DECODE'],
  ['truncated in a multi-byte character', text('{"id":"ü"}').subarray(0, 8), 'DECODE'],
  ['trailing comma', text('{"id":"1","amount":1,}'), 'DECODE'],
  ['two values', text('{"id":"1","amount":1}{"id":"2","amount":2}'), 'DECODE'],
  ['single quotes', text("{'id':'1','amount':1}"), 'DECODE'],
  ['unquoted names', text('{id:"1",amount:1}'), 'DECODE'],
  ['a comment', text('{"id":"1",/* */"amount":1}'), 'DECODE'],
  ['NaN', text('{"id":"1","amount":NaN}'), 'DECODE'],
  ['Infinity', text('{"id":"1","amount":Infinity}'), 'DECODE'],
  ['a leading plus', text('{"id":"1","amount":+1}'), 'DECODE'],
  ['a hexadecimal number', text('{"id":"1","amount":0x10}'), 'DECODE'],
  ['a leading zero', text('{"id":"1","amount":01}'), 'DECODE'],
  ['a control character in a string', text('{"id":"a\u0001b","amount":1}'), 'DECODE'],
  ['NUL bytes', Buffer.alloc(64), 'DECODE'],
  ['a NUL in the middle', text('{"id":"1",\u0000"amount":1}'), 'DECODE'],
  ['invalid UTF-8', Buffer.concat([text('{"id":"'), Buffer.from([0xc3, 0x28]), text('","amount":1}')]), 'DECODE'],
  ['an overlong UTF-8 form', Buffer.concat([text('{"id":"'), Buffer.from([0xc0, 0xaf]), text('","amount":1}')]), 'DECODE'],
  ['a UTF-8 surrogate', Buffer.concat([text('{"id":"'), Buffer.from([0xed, 0xa0, 0x80]), text('","amount":1}')]), 'DECODE'],
  ['UTF-16', Buffer.from('{"id":"1","amount":1}', 'utf16le'), 'DECODE'],
  ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), valid(1)]), 'DECODE'],
  ['random bytes', Buffer.from(Array.from({ length: 200 }, (_, n) => (n * 151 + 83) % 256)), 'DECODE'],
  [
    'gzip of a valid value',
    Buffer.from('1f8b0800000000000003ab56ca4c51b2523254d2514acc cd2fcd2b01b20d6b01'.replace(/ /g, ''), 'hex'),
    'DECODE',
  ],
  ['Avro with a magic byte', Buffer.from([0, 0, 0, 0, 7, 2, 0x31, 2]), 'DECODE'],
  ['arrays 100,000 deep, not closed', text('['.repeat(100_000)), 'DECODE'],
  ['arrays 5,000 deep', text(`{"id":"1","amount":${'['.repeat(5_000)}${']'.repeat(5_000)}}`), 'VALIDATION'],
  ['null', text('null'), 'VALIDATION'],
  ['a number', text('42'), 'VALIDATION'],
  ['a string', text('"order"'), 'VALIDATION'],
  ['an array', text('[{"id":"1","amount":1}]'), 'VALIDATION'],
  ['an empty object', text('{}'), 'VALIDATION'],
  ['a missing field', text('{"id":"1"}'), 'VALIDATION'],
  ['a number for a string', text('{"id":1,"amount":1}'), 'VALIDATION'],
  ['a string for a number', text('{"id":"1","amount":"1"}'), 'VALIDATION'],
  ['null for a field', text('{"id":null,"amount":1}'), 'VALIDATION'],
  ['a number beyond a double', text('{"id":"1","amount":1e999}'), 'VALIDATION'],
  ['a number with 400 digits', text(`{"id":"1","amount":${'9'.repeat(400)}}`), 'VALIDATION'],
  ['a negative amount', text('{"id":"1","amount":-1}'), 'VALIDATION'],
  ['prototype keys alone', text('{"__proto__":{"id":"1","amount":1},"constructor":{"prototype":{}}}'), 'VALIDATION'],
  ['a lone surrogate, escaped, too long', text(`{"id":"${'\\ud800'.repeat(200)}","amount":1}`), 'VALIDATION'],
  ['a string of 900 KB', text(`{"id":"${'x'.repeat(900_000)}","amount":1}`), 'VALIDATION'],
];

it('sends every one of 10,000 malformed records of 43 kinds to the dead-letter topic with the right code, and goes on', async () => {
  expect(KINDS.length).toBe(43);
  const app = testAppOf('bad-input');
  running.push(app);
  const name = unique('orders');
  const orders = app.topic(name, { key: string(), value: json(Order), partitions: 2 });
  const seen: number[] = [];
  app.agent(
    'take',
    orders,
    each((order) => void seen.push(order.amount)),
    { concurrency: 16 },
  );
  const worker = await started(app);
  const sender = testAppOf('bad-sender');
  running.push(sender);
  const raw = sender.topic(name, { key: optional(string()) });

  // One large record of a kind is enough; the small kinds make up the number.
  const large = KINDS.filter(([, value]) => value.length > 50_000);
  const small = KINDS.filter(([, value]) => value.length <= 50_000);
  const bad = [...large, ...Array.from({ length: 10_000 - large.length }, (_, n) => small[n % small.length]!)];
  const sends: Promise<unknown>[] = [];
  for (const [n, [kind, value]] of bad.entries()) {
    sends.push(raw.send({ key: `bad-${n}`, value, headers: { kind } }));
    if (n % 10 === 0) sends.push(raw.send({ key: `good-${n}`, value: valid(n) }));
    if (sends.length >= 500) await Promise.all(sends.splice(0));
  }
  await Promise.all(sends);
  await until(
    () => worker.stats().deadLettered,
    (count) => count >= 10_000,
    25_000,
  );
  await until(
    () => seen.length,
    (count) => count === 1_000,
  );
  expect(worker.state).toBe('ready');
  expect({}).not.toHaveProperty('id');

  const codes = new Map(KINDS.map(([kind, , code]) => [kind, code]));
  const letters = await readAll(`${name}.${app.id}.dlq`);
  expect(letters.length).toBe(10_000);
  expect(new Set(letters.map(({ key }) => String(key))).size).toBe(10_000);
  const wrong = letters.filter(({ headers }) => String(headers?.['streamer.dlq.code']) !== codes.get(String(headers?.kind)));
  expect(wrong.map(({ headers }) => [String(headers?.kind), String(headers?.['streamer.dlq.code'])])).toEqual([]);
  const kinds = new Map(KINDS.map(([kind, value]) => [kind, value]));
  expect(letters.every(({ value, headers }) => kinds.get(String(headers?.kind))!.equals(value!))).toBe(true);
}, 60_000);
