import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CUT_KEY, encodeChangelogValue, encodeCutNumber } from '../../src/tables/index.ts';

interface Copy {
  readonly entries: Map<string, { readonly time: number; readonly value: Buffer }>;
  take(record: { readonly key: Buffer; readonly value: Buffer | null }): void;
}

/** The ten lines of docs/state.md. */
function copy(): Copy {
  const text = readFileSync(new URL('../../docs/state.md', import.meta.url), 'utf8');
  const [, code] = /## The changelog in ten lines[\s\S]*?```js\n([\s\S]*?)```/.exec(text) ?? [];
  return new Function(`${code}; return { entries, take };`)() as Copy;
}

it('the ten lines of the docs read what tables write', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 50 }), fc.uint8Array({ maxLength: 20 }), (timestamp, bytes) => {
      const { entries, take } = copy();
      const value = Buffer.from(bytes);
      take({ key: Buffer.from('gone'), value: encodeChangelogValue({ timestamp: 1, value }) });
      take({ key: Buffer.from('u1'), value: encodeChangelogValue({ timestamp, value }) });
      take({ key: CUT_KEY, value: encodeCutNumber(7) });
      take({ key: Buffer.from('gone'), value: null });
      expect([...entries]).toEqual([['u1', { time: timestamp, value }]]);
      expect(() => take({ key: Buffer.from('u2'), value: Buffer.from([2, 0]) })).toThrow('another format');
    }),
  );
});
