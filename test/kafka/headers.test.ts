import { expect, it } from 'vitest';
import type { RecordHeaders } from '../../src/kafka/client.ts';
import { eachHeader, exactHeaders, pickHeaders } from '../../src/kafka/headers.ts';
import { replayHeaders } from '../../src/runtime/index.ts';

const [a1, one, a2, proto] = ['a1', 'one', 'a2', 'proto'].map((text) => Buffer.from(text));
const came = exactHeaders([
  ['a', a1!],
  ['1', one!],
  ['a', a2!],
  ['none', null],
  ['__proto__', proto!],
]);

function written(headers: RecordHeaders): Array<[string, string | null]> {
  const list: Array<[string, string | null]> = [];
  eachHeader(headers, (name, value) => list.push([name, value?.toString() ?? null]));
  return list;
}

it('headers go on as they came, and can be read by name', () => {
  expect(written({ ...came })).toEqual([
    ['a', 'a1'],
    ['1', 'one'],
    ['a', 'a2'],
    ['none', null],
    ['__proto__', 'proto'],
  ]);
  expect(came['a']).toEqual([a1, a2]);
  expect(came['none']).toHaveLength(0);
  expect(Object.getPrototypeOf(came)).toBe(Object.prototype);
});

it('what was changed or added comes behind the others, what was taken away does not come', () => {
  const changed: RecordHeaders = { ...came, '1': Buffer.from('changed'), more: [Buffer.from('x'), Buffer.from('y')] };
  delete changed['none'];
  expect(written(changed)).toEqual([
    ['a', 'a1'],
    ['a', 'a2'],
    ['__proto__', 'proto'],
    ['1', 'changed'],
    ['more', 'x'],
    ['more', 'y'],
  ]);
  expect(written(pickHeaders(came, (name) => name !== 'a')).map(([name]) => name)).toEqual(['1', 'none', '__proto__']);
  expect(written(replayHeaders({ ...came, 'streamer.dlq.topic': Buffer.from('t') }, undefined))).toEqual(written(came));
});
