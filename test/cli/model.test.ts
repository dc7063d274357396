import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { features, log, numeric, oneHot } from '../../src/models/index.ts';
import { golden } from '../models/support/golden-cli.ts';
import { modelsAbsent } from '../models/support/models-dir.ts';
import { bytesOf, type SmallModel, smallModel } from '../models/support/small-model.ts';
import { jsonLines, run, withFolder } from './helpers.ts';

const ROWS = [
  { feature: 0, below: 0.5, missing: 'right', left: 0.1, right: 0.7 },
  { feature: 1, below: 10, missing: 'left', left: -0.25, right: 0.25 },
] as const;
const NAMED: SmallModel = { trees: ROWS, names: ['x', 'y'] };

/** Runs with a model file in the working folder. */
function withModel<T>(model: SmallModel | string, use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    await writeFile(join(folder, 'm.json'), typeof model === 'string' ? model : bytesOf(smallModel(model)));
    return use(folder);
  });
}

const predict = (folder: string, input: string, ...options: string[]) =>
  run(['model', 'predict', 'm.json', '--features', '-', ...options], { cwd: folder, input });

describe.concurrent('model predict', () => {
  it('answers rows that are lists and objects, in order, with the shortest text of a 32-bit number', async () => {
    await withModel(NAMED, async (folder) => {
      const { code, stdout, stderr } = await predict(folder, '[0,1]\n{"y":20,"x":1}\n[null,null]\n{"x":null,"y":NaN}\n');
      expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: '-0.15\n0.95\n0.45\n0.45\n' });
    });
  });

  it('reads the rows from a file, more of them than fit a batch', async () => {
    await withModel(NAMED, async (folder) => {
      const rows = Array.from({ length: 2_500 }, (_, at) => `[${at % 2},${at % 20}]`);
      await writeFile(join(folder, 'rows.jsonl'), rows.join('\n'));
      const { code, stdout } = await run(['model', 'predict', 'm.json', '--features', 'rows.jsonl', '--json'], { cwd: folder });
      expect(code).toBe(0);
      const wanted = rows.map((_, at) => Math.fround(Math.fround(at % 2 === 0 ? 0.1 : 0.7) + (at % 20 < 10 ? -0.25 : 0.25)));
      expect(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => Math.fround(JSON.parse(line))),
      ).toEqual(wanted);
    });
  });

  it('answers margins, and lists where there are several numbers', async () => {
    const classes: SmallModel = { trees: [...ROWS, -1], objective: 'multi:softprob', outputs: [0, 1, 2], classes: 3 };
    await withModel(classes, async (folder) => {
      expect((await predict(folder, '[0,1]\n', '--margin')).stdout).toBe('[0.1,-0.25,-1]\n');
      const [answer] = JSON.parse(`[${(await predict(folder, '[0,1]\n')).stdout}]`) as number[][];
      expect(answer?.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 6);
    });
    await withModel({ ...classes, objective: 'multi:softmax' }, async (folder) => {
      expect((await predict(folder, '[0,1]\n')).stdout).toBe('0\n');
    });
  });

  it('takes the rounds it is told', async () => {
    await withModel({ ...NAMED, attributes: { best_iteration: '0' } }, async (folder) => {
      expect((await predict(folder, '[0,1]\n')).stdout).toBe('0.1\n');
      expect((await predict(folder, '[0,1]\n', '--rounds', 'all')).stdout).toBe('-0.15\n');
      expect((await predict(folder, '[0,1]\n', '--rounds', '1:2')).stdout).toBe('-0.25\n');
    });
  });

  it.each([
    ['[0,1]\n[0,\n[0,1]\n', /line 2: it is not JSON/, '-0.15\n'],
    ['[0,1]\n\n[0,1]\n', /line 2: it is empty/, '-0.15\n'],
    ['7\n', /line 1: a row is a list or an object, got 7/, ''],
    ['[0,1]\n[0,1,2]\n', /line 2: a row must have 2 features, got 3/, '-0.15\n'],
    ['{"x":1,"y":"a"}\n', /line 1: feature "y" must be a number, got the string "a"/, ''],
  ])('%j ends with 1 at the bad line, after the answers before it', async (input, message, before) => {
    await withModel(NAMED, async (folder) => {
      const { code, stdout, stderr } = await predict(folder, input);
      expect(stderr).toMatch(message);
      expect({ code, stdout }).toEqual({ code: 1, stdout: before });
    });
  });

  it('encodes objects by the declaration beside the model, and takes lists as they are', async () => {
    const declared = features({ age: log({ as: 'x' }), job: oneHot(['a', 'b'], { as: 'j' }) });
    await withModel(
      { trees: [{ feature: 2, below: 0.5, left: 1, right: 2 }], features: 3, names: [...declared.columns] },
      async (folder) => {
        await writeFile(join(folder, 'm.features.json'), JSON.stringify(declared));
        const { stdout } = await predict(folder, '{"age":30,"job":"b"}\n{"age":30,"job":"a"}\n[3.4,0,1]\n');
        expect(stdout).toBe('2\n1\n2\n');
        const bad = await predict(folder, '{"age":30,"job":"c"}\n');
        expect({ code: bad.code, stderr: bad.stderr }).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('the field "job" must be one of a, b'),
        });
        await writeFile(join(folder, 'other.json'), JSON.stringify(features({ age: numeric() })));
        const skewed = await predict(folder, '[1,2,3]\n', '--encoder', 'other.json');
        expect({ code: skewed.code, stderr: skewed.stderr }).toMatchObject({
          code: 2,
          stderr: expect.stringContaining('1 columns, and the model takes 3'),
        });
      },
    );
  });

  it('says of objects that do not fit that the declaration beside the model is none', async () => {
    await withModel(NAMED, async (folder) => {
      await writeFile(join(folder, 'm.encoder.json'), '{"order":["x","y"]}');
      expect((await predict(folder, '\ufeff[0,1]\r\n')).stdout).toBe('-0.15\n');
      expect((await predict(folder, '{"age":1}')).stderr).toContain('m.encoder.json is not used: ');
    });
  });

  it("takes numbers for codes where Python's encoder has texts", async () => {
    await withModel({ trees: [{ feature: 0, below: 0.5, left: 1, right: 2 }], names: ['job', 'y'] }, async (folder) => {
      await writeFile(join(folder, 'm.encoder.json'), JSON.stringify({ features: ['job', 'y'], categorical: { job: ['a', 'b'] } }));
      expect((await predict(folder, '{"job":"b","y":0}\n{"job":1,"y":0}\n{"job":"a","y":0}\n')).stdout).toBe('2\n2\n1\n');
    });
  });

  it('scores linear models in 64 bits, once it is known what their sum means', async () => {
    await withModel('{"features":["x","y"],"coefficients":[0.1,0.2],"intercept":0}', async (folder) => {
      const { code, stderr } = await predict(folder, '[1,1]\n');
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('does not say what its sum means') });
      expect((await predict(folder, '[1,1]\n', '--link', 'identity')).stdout).toBe(`${0.1 + 0.2}\n`);
    });
  });

  it('refuses a model that it would not score rightly', async () => {
    await withModel({ ...NAMED, objective: 'reg:own' }, async (folder) => {
      const { code, stdout, stderr } = await predict(folder, '[0,1]\n');
      expect(stderr).toContain('m.json: the objective "reg:own" is not supported');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    });
  });

  it.each([
    [['nowhere.json', '--features', '-'], 'cannot read the model file nowhere.json'],
    [['m.json'], "required option '--features <rows>' not specified"],
    [['m.json', '--features', 'nowhere.jsonl'], 'cannot read the rows: ENOENT'],
    [['m.json', '--features', '-', '--rounds', 'some'], '--rounds: expected best, all or FROM:TO'],
    [['m.json', '--features', '-', '--link', 'logit'], 'a link is for linear models'],
    [['m.json', '--features', '-', '--encoder', 'nowhere.json'], 'nowhere.json'],
  ])('%j ends with 2', async (args, message) => {
    await withModel(NAMED, async (folder) => {
      const { code, stdout, stderr } = await run(['model', 'predict', ...args], { cwd: folder });
      expect(stderr).toContain(message);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    });
  });
});

describe.concurrent('model info', () => {
  it('tells what the file is, takes and answers', async () => {
    await withModel({ ...NAMED, attributes: { best_iteration: '0' } }, async (folder) => {
      await writeFile(join(folder, 'm.encoder.json'), '{"order":[]}');
      const { code, stdout } = await run(['model', 'info', 'm.json', '--json'], { cwd: folder });
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toEqual([
        expect.objectContaining({
          kind: 'xgboost',
          format: 'JSON',
          supported: true,
          writtenBy: 'XGBoost 3.2.0',
          objective: 'reg:squarederror',
          booster: 'gbtree',
          features: 2,
          featureNames: ['x', 'y'],
          trees: 2,
          rounds: 2,
          roundsUsed: 1,
          answers: 1,
          version: expect.stringMatching(/^[0-9a-f]{12}$/),
          encoder: expect.objectContaining({ file: 'm.encoder.json', problem: expect.stringContaining('not a saved declaration') }),
        }),
      ]);
      expect((await run(['model', 'info', 'm.json'], { cwd: folder })).stdout).toMatch(/rounds +2, of which the best 1 are used/);
    });
  });

  it('says why a file is not supported, and ends with 1', async () => {
    await withModel({ ...NAMED, objective: 'reg:own' }, async (folder) => {
      const { code, stdout } = await run(['model', 'info', 'm.json'], { cwd: folder });
      expect(code).toBe(1);
      expect(stdout).toMatch(/supported +no: the objective "reg:own" is not supported/);
      expect(stdout).toMatch(/written by +XGBoost 3\.2\.0/);
    });
  });
});

describe.skipIf(modelsAbsent !== undefined)(`goldens${modelsAbsent === undefined ? '' : ` (skipped: ${modelsAbsent})`}`, () => {
  it.each(['bank_gblinear.json', 'bank_multi_softprob.ubj', 'old_v162_dart.json'])(
    '%s is answered by the command as by the library',
    async (file) => {
      expect(await golden(file)).toEqual([]);
    },
  );
});
