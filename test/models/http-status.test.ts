import { describe, expect, it } from 'vitest';
import { detailOf, retryAfter } from '../../src/models/http-status.ts';

describe('detailOf', () => {
  it.each([
    ['{"detail":"bad age"}', 'bad age'],
    ['{"error":"no model"}', 'no model'],
    ['{"message":"m","status":400}', 'm'],
    ['{"detail":[{"loc":["body","age"]}]}', '[{"loc":["body","age"]}]'],
    ['{"other":1}', '{"other":1}'],
    ['  plain\n text ', 'plain text'],
    ['', ''],
  ])('%s', (text, detail) => expect(detailOf(text)).toBe(detail));
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
