import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCodecs } from '../../src/wire/compression/codecs.ts';
import { KINDS } from './malformed/kinds.ts';
import { type Observed, Observer } from './malformed/observe.ts';

/** What Apache Kafka 4.2 made of each kind; recorded by `npm run malformed:record`. */
const golden: Readonly<Record<string, Observed>> = JSON.parse(readFileSync(new URL('malformed/kafka.json', import.meta.url), 'utf8'));

beforeAll(loadCodecs);

describe('a produce request is answered as by Apache Kafka, and its batch kept as there', () => {
  const observer = new Observer();

  it.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', async (name, kind) => {
    const seen = await observer.observe(kind);
    const isMoreExact = kind.orRefused !== undefined && seen.error === kind.orRefused;
    expect(seen).toEqual(isMoreExact ? { error: kind.orRefused, added: 0 } : golden[name]);
  });

  it('names every kind once', () => {
    expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
    expect(Object.keys(golden)).toEqual(KINDS.map(({ name }) => name));
  });
});
