import { expect, it } from 'vitest';
import { LastStarted } from '../../../src/runtime/work/last-started.ts';

it('knows the item that was started last without the bytes of its fetch, once that has been taken', () => {
  const fetched = Buffer.alloc(1_000_000, 'customer-1');
  const last = new LastStarted();
  last.release();
  expect(last.item).toBeUndefined();
  const item = { startedAt: 5, origin: { offset: 7, key: fetched.subarray(0, 10) } };
  last.note(item);
  expect(last.item).toBe(item);
  last.release();
  expect(last.item).toEqual(item);
  expect(last.item?.origin.key?.buffer).not.toBe(fetched.buffer);
  last.note({ startedAt: 6, origin: { offset: undefined, key: null } });
  last.release();
  expect(last.item).toEqual({ startedAt: 6, origin: { offset: undefined, key: null } });
});
