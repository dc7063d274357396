import { z } from 'zod';

export const Order = z.object({ id: z.string().max(100), amount: z.number().min(0).max(1e9), note: z.string().max(1_000).optional() });

export const valid = (n: number) => Buffer.from(JSON.stringify({ id: String(n), amount: n }));
const text = (source: string) => Buffer.from(source, 'utf8');

/** What is wrong, the value that has it, and the code that its dead letter must carry. */
export const KINDS: ReadonlyArray<readonly [name: string, value: Buffer, code: 'DECODE' | 'VALIDATION']> = [
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
  ['a number beyond a double', text('{"id":"1","amount":1e999}'), 'DECODE'],
  ['a number with 400 digits', text(`{"id":"1","amount":${'9'.repeat(400)}}`), 'DECODE'],
  ['a negative amount', text('{"id":"1","amount":-1}'), 'VALIDATION'],
  ['prototype keys alone', text('{"__proto__":{"id":"1","amount":1},"constructor":{"prototype":{}}}'), 'VALIDATION'],
  ['a lone surrogate, escaped, too long', text(`{"id":"${'\\ud800'.repeat(200)}","amount":1}`), 'VALIDATION'],
  ['a string of 900 KB', text(`{"id":"${'x'.repeat(900_000)}","amount":1}`), 'VALIDATION'],
];

/** Malformed values: one large one of a kind is enough, the small kinds make up the number. */
export function malformed(count: number): Array<(typeof KINDS)[number]> {
  const large = KINDS.filter(([, value]) => value.length > 50_000);
  const small = KINDS.filter(([, value]) => value.length <= 50_000);
  return [...large, ...Array.from({ length: count - large.length }, (_, n) => small[n % small.length]!)];
}
