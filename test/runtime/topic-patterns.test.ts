import { type App, each, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { matching } from '../../src/runtime/topology/matching.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique, withAdmin } from '../helpers/broker.ts';

const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

describe('matching', () => {
  it('finds what a pattern matches, whatever its flags and its state', () => {
    const names = ['orders', 'ORDERS.eu', 'users', '__consumer_offsets', 'constructor'];
    expect(matching(/^orders/i, names)).toEqual({ names: ['orders', 'ORDERS.eu'], tooSlow: [] });
    const global = /s/g;
    global.lastIndex = 3;
    expect(matching(global, ['as', 's', 'x'])).toEqual({ names: ['as', 's'], tooSlow: [] });
    expect(matching(/constructor/, names).names).toEqual(['constructor']);
    expect(matching(/x/, [])).toEqual({ names: [], tooSlow: [] });
  });

  it('gives up names for which a pattern would backtrack without end, and no others', () => {
    const startedAt = performance.now();
    const evil = `${'a'.repeat(60)}!`;
    expect(matching(/^(a+)+$/, ['aaa', evil, 'b', 'aaaa'])).toEqual({ names: ['aaa', 'aaaa'], tooSlow: [evil] });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('holds the event loop for about a second at most, however many such names there are, and tries none twice', () => {
    const evil = Array.from({ length: 300 }, (_, n) => `${'a'.repeat(60)}!${n}`);
    const names = ['aaa', ...evil, 'aaaa'];
    const pattern = /^(a+)+$/;
    let most = 0;
    const look = () => {
      const startedAt = performance.now();
      const matched = matching(pattern, names);
      most = Math.max(most, performance.now() - startedAt);
      return matched;
    };
    expect(matching(pattern, ['aaa', 'aaaa']).names).toEqual(['aaa', 'aaaa']);
    const { names: found, tooSlow } = look();
    expect(found).toEqual(['aaa', 'aaaa']);
    expect(tooSlow).toEqual(evil);
    look();
    expect(most).toBeLessThan(2_500);
    const few = [...evil.slice(0, 2), 'aaaaa'];
    matching(pattern, few);
    const startedAt = performance.now();
    expect(matching(pattern, few)).toEqual({ names: ['aaaaa'], tooSlow: few.slice(0, 2) });
    expect(performance.now() - startedAt).toBeLessThan(80);
  });

  it('takes thousands of names at once', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `topic-${n}`);
    expect(matching(/^topic-\d*7$/, names).names).toHaveLength(2_000);
  });
});

describe('a worker whose pattern backtracks without end for the name of somebody else', () => {
  it('warns with the pattern and the topic, and goes on with the topics that match', async () => {
    const app = testAppOf('patterns', { metadataMaxAgeMs: 200 });
    running.push(app);
    const name = unique('a');
    const evil = `${'a'.repeat(100)}_${unique('x')}`;
    const good = `${name}${'a'.repeat(5)}`;
    const topic = app.topic(good, { key: string(), value: string() });
    const seen: string[] = [];
    app.agent(
      'named',
      topic,
      each(() => {}),
    );
    const pattern = app.topic(new RegExp(`^(${name}|(a+)+)a{5}$`), { key: string(), value: string() });
    const other = testAppOf('patterns-reader', { metadataMaxAgeMs: 200 });
    running.push(other);
    const read = other.topic(pattern.name, { key: string(), value: string() });
    other.agent(
      'reads',
      read,
      each((value: string) => void seen.push(value)),
    );
    await started(app);
    await withAdmin((admin) => admin.createTopics({ topics: [{ topic: evil, numPartitions: 1 }] }));
    const worker = await started(other);
    const warnings: string[] = [];
    worker.on('warning', ({ error }) => warnings.push(error.message));
    await topic.send({ key: 'k', value: 'hello' });
    await until(
      () => seen,
      (values) => values.includes('hello'),
    );
    const later = `${'a'.repeat(101)}_${unique('x')}`;
    await withAdmin((admin) => admin.createTopics({ topics: [{ topic: later, numPartitions: 1 }] }));
    await until(
      () => warnings,
      (list) => list.some((text) => text.includes(`takes too long for the topic "${later}"`)),
    );
    expect(warnings.filter((text) => text.includes(later))).toHaveLength(1);
    await topic.send({ key: 'k', value: 'again' });
    await until(
      () => seen,
      (values) => values.includes('again'),
    );
  });
});
