import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { versionOf } from '../../src/models/file/index.ts';
import { features, http, numeric, oneHot } from '../../src/models/index.ts';
import { bytesOf, smallModel } from '../models/support/small-model.ts';
import { run, withFolder, withStreamer } from './helpers.ts';

const file = (high: number) =>
  bytesOf(
    smallModel({
      objective: 'binary:logistic',
      baseScore: '[5E-1]',
      trees: [{ feature: 0, below: 1, left: -high, right: high }],
      names: ['x=b', 'y'],
    }),
  );

describe('model serve', () => {
  it('answers with labels, takes up another version of the file, and ends in order', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'm.json');
      await writeFile(path, file(2));
      await writeFile(join(folder, 'm.features.json'), JSON.stringify(features({ x: oneHot(['b'], { unknown: 'zeros' }), y: numeric() })));
      const args = ['model', 'serve', path, '--port', '0', '--labels', 'No,Yes', '--reload-ms', '20', '--fault', 'off', '--json'];
      await withStreamer(args, {}, async (server) => {
        const { origin, version } = await server.untilEvent('ready');
        expect(version).toBe(versionOf(file(2)));
        const model = http.rows<object>(`${origin}/predict`);
        const chance = Math.fround(1 / (1 + Math.exp(-2)));
        const [no, yes] = await model.predict([
          { x: 'a', y: 0 },
          { x: 'b', y: 0 },
        ]);
        expect(no).toEqual({ prediction: ['No'], probability: expect.closeTo(chance, 6) });
        expect(yes).toEqual({ prediction: ['Yes'], probability: expect.closeTo(chance, 6) });

        await expect(model.predict([{ y: 0 }])).rejects.toMatchObject({
          status: 422,
          message: expect.stringContaining('body.0.x: the row lacks "x"'),
        });
        const { inputs } = (await (await fetch(`${origin}/v2/models/model`)).json()) as { inputs: unknown };
        expect(inputs).toEqual([
          { name: 'x', datatype: 'BYTES', shape: [-1, 1] },
          { name: 'y', datatype: 'FP32', shape: [-1, 1] },
        ]);

        await writeFile(path, file(3).subarray(0, 100));
        await server.untilEvent('kept');
        await writeFile(`${path}.new`, file(3));
        await rename(`${path}.new`, path);
        const swapped = await server.untilEvent('swapped');
        expect(swapped).toMatchObject({ version: versionOf(file(3)), before: version });
        let told: string | undefined;
        await model.predict([{ x: 'a', y: 0 }], { onVersion: (one) => (told = one) });
        expect(told).toBe(versionOf(file(3)));

        await fetch(`${origin}/faults`, { method: 'PUT', body: '{"errors":1,"status":500}' });
        await expect(model.predict([{ x: 'a', y: 0 }])).rejects.toMatchObject({ status: 500 });
        await model.close?.();
        expect(await server.end()).toMatchObject({ code: 0, signal: null, stderr: '' });
        expect(server.events.at(-1)).toEqual({ event: 'stopped' });
      });
    });
  });

  it('says what it cannot do before it listens', async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'm.json'), file(1));
      await writeFile(join(folder, 'price.json'), bytesOf(smallModel({ trees: [3] })));
      const told = await Promise.all(
        [
          ['m.json', '--protocol', 'soap'],
          ['m.json', '--labels', 'a,b,c'],
          ['m.json', '--labels', 'a,b', '--margin'],
          ['price.json', '--labels', 'a,b'],
          ['m.json', '--fault', 'storm=1', '--max-rows', '0'],
          ['nowhere.json'],
        ].map((args) => run(['model', 'serve', ...args, '--port', '0'], { cwd: folder })),
      );
      expect(told.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2]);
      expect(told.map(({ stderr }) => stderr)).toEqual([
        expect.stringContaining('--protocol: expected some of rows,columnar,oip, got "soap"'),
        expect.stringContaining('--labels has 3 labels, and the model 2 classes'),
        expect.stringContaining('--labels needs probabilities, and --margin answers sums'),
        expect.stringContaining('--labels needs probabilities, and the model answers other numbers'),
        expect.stringMatching(/limits\.rows: expected[\s\S]*unknown option "faults\.storm"/),
        expect.stringContaining('cannot read the model file nowhere.json'),
      ]);
    });
  });
});
