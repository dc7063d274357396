import { describe, expect, it } from 'vitest';
import { detailOf, rowsNamed } from '../../../src/models/http/detail.ts';
import { retryAfter } from '../../../src/models/http/status.ts';

describe('detailOf', () => {
  it.each([
    ['{"detail":"bad age"}', 'bad age'],
    ['{"error":"no model"}', 'no model'],
    ['{"message":"m","status":400}', 'm'],
    ['{"detail":[{"loc":["body","age"]}]}', '[{"loc":["body","age"]}]'],
    ['{"other":1}', '{"other":1}'],
    ['  plain\n text ', 'plain text'],
    ['', ''],
    [
      '{"error":"1 validation error","detail":[{"loc":["rows",1,"year"],"msg":"not a year"},{"loc":[],"msg":"odd"}]}',
      'rows.1.year: not a year; odd',
    ],
    ['boom: Traceback (most recent call last):\n  File "x.py", line 1\n    f()\nValueError: no\n', 'boom: ValueError: no'],
    ['{"error":"Traceback (most recent call last):\\n  File \\"x.py\\"\\nKeyError: \'age\'"}', "KeyError: 'age'"],
    ['{"message":"m","stack_trace":"Traceback"}', 'm'],
  ])('%s', (text, detail) => expect(detailOf(text)).toBe(detail));
});

describe('rowsNamed', () => {
  it.each([
    ['{"detail":[{"loc":["body",2,"age"],"msg":"x"},{"loc":["body",0],"msg":"y"},{"loc":["body",2,"job"],"msg":"z"}]}', [0, 2]],
    ['{"detail":[{"loc":["body","age"],"msg":"x"}]}', undefined],
    ['{"detail":"no rows"}', undefined],
    ['Internal Server Error', undefined],
  ])('%s', (text, rows) => expect(rowsNamed(text)).toEqual(rows));
});

describe('retryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['2', 2_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ])('%j', (header, ms) => expect(retryAfter(header, now)).toBe(ms));

  it('is absent without the header', () => expect(retryAfter(undefined)).toBeUndefined());
});
