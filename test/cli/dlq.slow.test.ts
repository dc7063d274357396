import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type App, each, json, string, type Worker } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTopicsOf, testAppOf, until } from '../helpers/app.ts';
import { client, readAll, unique, withAdmin } from '../helpers/broker.ts';
import { jsonLines, run, withFolder } from './helpers.ts';

const Item = z.object({ n: z.number() });

/** An app file whose topics exist and hold 6 dead letters: 3 of "picky" (even n), 2 of "shy" (n 1 and 3), one undecodable. */
async function withLetters(
  use: (set: {
    file: string;
    topic: string;
    dlq: string;
    build: (isMended: boolean) => { app: App; seen: string[]; start: () => Promise<Worker> };
  }) => Promise<void>,
) {
  const [id, topic] = [unique('letters'), unique('items')];
  const build = (isMended: boolean) => {
    const app = testAppOf('letters', { id });
    const items = app.topic(topic, { key: string(), value: json(Item), partitions: 2 });
    const seen: string[] = [];
    const onError = { description: 'dead letter', decide: () => ({ action: 'deadLetter', topic: undefined }) as const };
    app.agent(
      'picky',
      items,
      each(({ n }) => {
        if (!isMended && n % 2 === 0) throw new RangeError(`even: ${n}`);
        seen.push(`picky ${n}`);
      }),
      { onError },
    );
    app.agent(
      'shy',
      items,
      each(({ n }) => {
        if (!isMended && (n === 1 || n === 3)) throw new TypeError(`shy of ${n}`);
        seen.push(`shy ${n}`);
      }),
      { onError },
    );
    return { app, seen, start: () => app.start(), items };
  };
  const first = build(false);
  try {
    await createTopicsOf(first.app);
    const worker = await first.start();
    for (let n = 0; n < 6; n++) await first.items.send({ key: `k${n}`, value: { n } });
    const raw = testAppOf('raw');
    await raw.topic(topic, { key: string() }).send({ key: 'bad', value: Buffer.from('{') });
    await raw.stop();
    await until(
      () => worker.stats().deadLettered,
      (count) => count === 6,
    );
    await until(
      () => worker.positions().reduce((sum, { offset }) => sum + offset, 0),
      (sum) => sum === 7,
    );
    await first.app.stop();
    await withFolder(async (folder) => {
      const file = join(folder, 'app.ts');
      await writeFile(
        file,
        `import { App, each } from 'streamerjs';
         export const app = new App({ id: '${id}' });
         const items = app.topic('${topic}', { partitions: 2 });
         app.agent('picky', items, each(() => {}));
         app.agent('shy', items, each(() => {}));`,
      );
      await use({ file, topic, dlq: `${topic}.${id}.dlq`, build });
    });
  } finally {
    await first.app.stop();
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic, `${topic}.${id}.dlq`] }));
  }
}

describe('streamer dlq', () => {
  it('lists and shows letters, filtered', async () => {
    await withLetters(async ({ file, topic, dlq }) => {
      const list = await run(['dlq', 'list', '-A', file, '--json']);
      expect(jsonLines(list.stdout)).toEqual([{ topic: dlq, letters: 6, waiting: 6 }]);
      const show = await run(['dlq', 'show', topic, '-A', file, '--agent', 'picky', '--json']);
      expect(
        jsonLines(show.stdout)
          .map(({ message }) => message)
          .sort(),
      ).toEqual(['even: 0', 'even: 2', 'even: 4']);
      const plain = await run(['dlq', 'show', '-A', file, '--code', 'DECODE', '--stack']);
      expect(plain.stdout).toMatch(/\(not decoded\).*\n {2}SerdeError: value: not JSON/);
      expect(plain.stdout).toMatch(/\n {4}SerdeError: .*\n.* at /);
    });
  });

  it('replays to the failed agent alone, by filter, and never twice', async () => {
    await withLetters(async ({ file, dlq, build }) => {
      const dry = await run(['dlq', 'replay', '-A', file, '--dry-run', '--json']);
      expect(jsonLines(dry.stdout).at(-1)).toEqual({ replayed: 0, wouldReplay: 6, passedOver: 0 });
      const shy = await run(['dlq', 'replay', '-A', file, '--error', 'TypeError', '--json']);
      expect(shy.stderr).toBe('');
      expect(jsonLines(shy.stdout).at(-1)).toEqual({ replayed: 2, passedOver: 4 });
      const again = await run(['dlq', 'replay', '-A', file, '--error', 'TypeError']);
      expect(again.stdout).toBe('nothing to replay that the filter lets through\n');
      expect(jsonLines((await run(['dlq', 'list', '-A', file, '--json'])).stdout)).toEqual([{ topic: dlq, letters: 6, waiting: 4 }]);
      const one = await run(['dlq', 'replay', '-A', file, '--agent', 'picky', '--limit', '1', '--json']);
      expect(jsonLines(one.stdout).at(-1)).toMatchObject({ replayed: 1 });
      const rest = await run(['dlq', 'replay', '-A', file, '--agent', 'picky', '--json']);
      expect(jsonLines(rest.stdout).at(-1)).toMatchObject({ replayed: 2 });
      const second = build(true);
      await second.start();
      await until(
        () => second.seen.length,
        (count) => count === 5,
      );
      await second.app.stop();
      expect(second.seen.sort()).toEqual(['picky 0', 'picky 2', 'picky 4', 'shy 1', 'shy 3']);
    });
  });

  it('refuses, before it sends anything, letters for an agent that the app lacks, and replays them to another', async () => {
    await withLetters(async ({ file, topic, dlq, build }) => {
      await writeFile(file, (await readFile(file, 'utf8')).replace("'picky'", "'picky-v2'"));
      const refused = await run(['dlq', 'replay', '-A', file]);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toMatch(
        /3 letters, .* are for agents that app .* does not have.*: "picky"\n.*--for AGENT \(it has: picky-v2, shy\)/,
      );
      expect((await run(['dlq', 'replay', '-A', file, '--for', 'nobody'])).stderr).toContain('has no agent "nobody"');
      expect((await readAll(topic)).length).toBe(7);
      expect(jsonLines((await run(['dlq', 'list', '-A', file, '--json'])).stdout)).toEqual([{ topic: dlq, letters: 6, waiting: 6 }]);
      // Those of the other agent go without the name, and those of the lost one by another's.
      expect((await run(['dlq', 'replay', '-A', file, '--agent', 'shy'])).stdout).toBe(`2 replayed to ${topic}\n`);
      const moved = await run(['dlq', 'replay', '-A', file, '--agent', 'picky', '--for', 'shy']);
      expect(moved).toMatchObject({ code: 0, stdout: `3 replayed to ${topic}\n`, stderr: '' });
      const second = build(true);
      await second.start();
      await until(
        () => second.seen.length,
        (count) => count === 5,
      );
      await second.app.stop();
      expect(second.seen.sort()).toEqual(['shy 0', 'shy 1', 'shy 2', 'shy 3', 'shy 4']);
    });
  });

  it('leaves out letters that were cut, and names the places of their records', async () => {
    await withLetters(async ({ file, topic, dlq }) => {
      const producer = client().producer();
      await producer.connect();
      const place = { topic, partition: '1', offset: '42', cut: 'value 3000000' };
      const headers = Object.fromEntries(Object.entries(place).map(([name, value]) => [`streamer.dlq.${name}`, value]));
      await producer.send({ topic: dlq, messages: [{ key: 'k', value: 'xxx', headers }] });
      await producer.disconnect();
      const replayed = await run(['dlq', 'replay', '-A', file]);
      expect(replayed.stdout).toContain(
        `1 left out, because their letters do not hold the whole record; the records are at ${topic}[1]@42\n`,
      );
      expect(jsonLines((await run(['dlq', 'list', '-A', file, '--json'])).stdout)).toMatchObject([{ letters: 7, waiting: 1 }]);
    });
  });

  it('replays to another topic without the headers of a letter, and purges up to an offset', async () => {
    await withLetters(async ({ file, topic, dlq }) => {
      const other = `${topic}-other`;
      await withAdmin((admin) =>
        admin.createTopics({ waitForLeaders: true, topics: [{ topic: other, numPartitions: 1, replicationFactor: 1 }] }),
      );
      const replayed = await run(['dlq', 'replay', topic, '-A', file, '--to', other, '--agent', 'shy']);
      expect(replayed.stdout).toBe(`2 replayed to ${other}\n`);
      const records = await readAll(other);
      expect(records.map(({ value }) => String(value)).sort()).toEqual(['{"n":1}', '{"n":3}']);
      expect(records.flatMap(({ headers }) => Object.keys(headers ?? {}))).toEqual([]);
      const refused = await run(['dlq', 'purge', '-A', file]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/deletes 6 dead letters.*\n.*--yes/)]);
      await run(['dlq', 'purge', '-A', file, '--before', '1', '--yes']);
      const left = Number(jsonLines((await run(['dlq', 'list', '-A', file, '--json'])).stdout)[0]!['letters']);
      expect(left).toBeLessThan(6);
      expect((await run(['dlq', 'purge', dlq, '-A', file, '--yes'])).code).toBe(0);
      expect(jsonLines((await run(['dlq', 'list', '-A', file, '--json'])).stdout)).toMatchObject([{ letters: 0, waiting: 0 }]);
      expect((await run(['dlq', 'show', 'nonsense', '-A', file])).code).toBe(2);
      await withAdmin((admin) => admin.deleteTopics({ topics: [other] }));
    });
  });
});
