import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { string } from 'streamerjs';
import { expect, it } from 'vitest';
import { createTopicsOf, testAppOf } from '../helpers/app.ts';
import { readAll, unique, withAdmin } from '../helpers/broker.ts';
import { jsonLines, run, withFolder } from './helpers.ts';

it('replays letters of events that have changed tables only when it is asked to', async () => {
  const [id, topic] = [unique('applied'), unique('items')];
  const dlq = `${topic}.${id}.dlq`;
  const app = testAppOf('applied', { id });
  const letters = app.topic(dlq, { key: string(), value: string() });
  app.topic(topic);
  try {
    await createTopicsOf(app);
    for (const [offset, state] of ['applied', 'none', undefined].entries()) {
      const place = { topic, partition: '0', offset: String(offset), app: id, agent: 'count', ...(state === undefined ? {} : { state }) };
      const headers = Object.fromEntries(Object.entries(place).map(([name, text]) => [`streamer.dlq.${name}`, text]));
      await letters.send({ key: 'k', value: String(offset), headers });
    }
    await app.stop();
    await withFolder(async (folder) => {
      const file = join(folder, 'app.ts');
      const code = `import { App, each } from 'streamerjs';
        export const app = new App({ id: '${id}' });
        app.agent('count', app.topic('${topic}'), each(() => {}));`;
      await writeFile(file, code);
      const show = await run(['dlq', 'show', '-A', file, '--json']);
      expect(jsonLines(show.stdout).map(({ state }) => state)).toEqual(['applied', 'none', undefined]);
      const first = await run(['dlq', 'replay', '-A', file, '--json']);
      expect(jsonLines(first.stdout).at(-1)).toEqual({ replayed: 2, passedOver: 0, applied: 1 });
      expect((await readAll(topic)).map(({ value }) => String(value)).sort()).toEqual(['1', '2']);
      expect((await run(['dlq', 'replay', '-A', file])).stdout).toMatch(
        /^nothing to replay\n1 left out, because their events have changed tables/,
      );
      const told = await run(['dlq', 'replay', '-A', file, '--applied', '--json']);
      expect(jsonLines(told.stdout).at(-1)).toEqual({ replayed: 1, passedOver: 0 });
      expect((await readAll(topic)).length).toBe(3);
    });
  } finally {
    await app.stop();
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic, dlq] }));
  }
});
