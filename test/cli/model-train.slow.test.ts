import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../models/training/soak/data.ts';
import { jsonLines, run, withFolder } from './helpers.ts';

interface Csv {
  readonly count?: number;
  /** Replaces lines, by number. */
  readonly lines?: Readonly<Record<number, string>>;
}

/** `,kind,years,income,rate,value,rich`, with gaps. */
function csvOf({ count = 300, lines = {} }: Csv = {}): string {
  const { rows, values, flags } = rowsOf(count, 3, true);
  const text = rows.map(({ kind, years, income, rate }, at) =>
    [at, ` ${kind ?? ''}`, years ?? '', income ?? 'NA', rate, values[at], flags[at] === 1 ? 'yes' : 'no'].join(','),
  );
  const all = [',kind,years,income,rate,value,rich', ...text];
  for (const [line, replacement] of Object.entries(lines)) all[Number(line) - 1] = replacement;
  return `${all.join('\n')}\n`;
}

function withCsv<T>(csv: Csv, use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    await writeFile(join(folder, 'rows.csv'), csvOf(csv));
    return use(folder);
  });
}

const model = (folder: string, ...args: string[]) => run(['model', ...args], { cwd: folder });
const train = (folder: string, ...args: string[]) => model(folder, 'train', '--data', 'rows.csv', '--out', 'm.json', ...args);

interface Trained {
  readonly features: { readonly fields: Readonly<Record<string, object>>; readonly hash: string };
  readonly training: Readonly<Record<string, number>>;
  readonly test?: Readonly<Record<string, number>>;
  readonly rounds: number;
}

describe.concurrent('model train and model evaluate', () => {
  it('trains trees, shows the features that it inferred, and writes a model that scores rows', async () => {
    await withCsv({}, async (folder) => {
      const { code, stdout, stderr } = await train(folder, '--target', 'value', '--ignore', 'rich', '--rounds', '20');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/kind +oneHot of 4 values: bronze, gold, silver, tin/);
      expect(stdout).toMatch(/value: 20 trees over 7 columns/);
      expect(stdout).toMatch(/RMSE +\d/);
      expect(stdout).toContain('written m.json and m.features.json');
      const row = '{"kind":"gold","years":3,"income":20,"rate":null}';
      const predicted = await run(['model', 'predict', 'm.json', '--features', '-'], { cwd: folder, input: row });
      expect(Number(predicted.stdout)).toBeGreaterThan(20);
    });
  });

  it('evaluates what it wrote as the training did, on the rows that were kept out of it', async () => {
    await withCsv({}, async (folder) => {
      const excluded = csvOf()
        .split('\n')
        .slice(0, 61)
        .map((line) => line.slice(0, line.lastIndexOf(',')));
      await writeFile(join(folder, 'kept.csv'), excluded.join('\r\n'));
      const options = ['--target', 'rich', '--ignore', 'value', '--algorithm', 'logistic', '--l2', '0.5'];
      const { code, stdout, stderr } = await train(folder, ...options, '--exclude', 'kept.csv', '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const [trained] = jsonLines(stdout) as unknown as [Trained];
      expect([trained.training['rows'], trained.test?.['rows']]).toEqual([240, 60]);
      expect(trained.test?.['auc']).toBeGreaterThan(0.8);
      const only = await model(folder, 'evaluate', 'm.json', '--data', 'rows.csv', '--target', 'rich', '--only', 'kept.csv', '--json');
      expect(jsonLines(only.stdout)[0]).toMatchObject({ ...trained.test, rows: 60, kind: 'binary' });
      const shown = await model(
        folder,
        'evaluate',
        'm.json',
        '--data',
        'rows.csv',
        '--target',
        'rich',
        '--threshold',
        '0.9',
        '--bins',
        '3',
      );
      expect(shown.stdout).toMatch(/confusion at a probability of 0\.9[\s\S]*is yes[\s\S]*calibration/);
    });
  });

  it('trains by a declaration, also one that was saved and changed by hand', async () => {
    await withCsv({}, async (folder) => {
      await writeFile(join(folder, 'spec.json'), JSON.stringify({ years: { kind: 'numeric' }, kind: { kind: 'oneHot', missing: 'nan' } }));
      const options = ['--target', 'rich', '--positive', 'no', '--rounds', '3', '--seed', '7', '--subsample', '0.5', '--json'];
      const first = await train(folder, ...options, '--features', 'spec.json');
      const [trained] = jsonLines(first.stdout) as unknown as [Trained];
      expect(Object.keys(trained.features.fields)).toEqual(['years', 'kind']);
      const saved = JSON.parse(await readFile(join(folder, 'm.features.json'), 'utf8')) as { fields: object; hash: string };
      expect(saved.hash).toBe(trained.features.hash);
      const bytes = await readFile(join(folder, 'm.json'));
      await writeFile(join(folder, 'spec.json'), JSON.stringify({ ...saved, fields: { ...saved.fields, income: { kind: 'log' } } }));
      expect((await train(folder, ...options, '--features', 'spec.json')).code).toBe(0);
      expect(await readFile(join(folder, 'm.json'), 'utf8')).toContain('income');
      await writeFile(join(folder, 'spec.json'), JSON.stringify(saved));
      await train(folder, ...options, '--features', 'spec.json');
      expect((await readFile(join(folder, 'm.json'))).equals(bytes)).toBe(true);
    });
  });

  it('stops early, on a share of the rows, and tests on another', async () => {
    await withCsv({ count: 600 }, async (folder) => {
      const options = ['--target', 'rich', '--ignore', 'value', '--rounds', '500', '--early-stopping', '5', '--test-size', '0.25'];
      const { stdout } = await train(folder, ...options, '--class-weight', 'balanced', '--json');
      const [trained] = jsonLines(stdout) as unknown as [Trained];
      expect(trained.rounds).toBeLessThan(500);
      expect([trained.training['rows'], trained.test?.['rows']]).toEqual([450, 150]);
    });
  });

  it('names lines and columns of rows that cannot be used, or skips them', async () => {
    const lines = {
      5: '3,gold,many,1,0.1,20,yes',
      9: '7,gold,1,1,0.1,20',
      12: '10,gold,1,1,0.1,,yes',
      13: '11,gold,1e300,1,0.1,20,yes',
      14: '12,gold,1,1,0.1,1e39,yes',
    };
    await withCsv({ lines }, async (folder) => {
      await writeFile(join(folder, 'spec.json'), '{"years":{"kind":"numeric"},"kind":{"kind":"oneHot"}}');
      const options = ['--target', 'value', '--features', 'spec.json', '--rounds', '2'];
      const refused = await train(folder, ...options);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('4 rows cannot be used');
      expect(refused.stderr).toContain('rows.csv, line 5: the column "years" must be a number, got "many"');
      expect(refused.stderr).toContain('rows.csv, line 9: 6 fields where the header has 7');
      expect(refused.stderr).toContain('rows.csv, line 12: the target "value" is empty');
      expect(refused.stderr).toContain('rows.csv, line 14: the target "value" must be finite in 32 bits, got 1e39');
      await withCsv({ lines: { 13: lines[13] } }, async (other) => {
        const { stderr } = await train(other, '--target', 'value');
        expect(stderr).toContain('rows.csv, line 13: the column "years" must be finite in 32 bits');
      });
      const skipped = await train(folder, ...options, '--bad-rows', 'skip');
      expect(skipped.code).toBe(0);
      expect(skipped.stdout).toContain('5 bad rows were skipped');
      const evaluated = await model(folder, 'evaluate', 'm.json', '--data', 'rows.csv', '--target', 'value');
      expect([evaluated.code, evaluated.stderr.includes('rows.csv, line 5: the column "years"')]).toEqual([1, true]);
    });
  });

  it('refuses what cannot be, before it reads a row', async () => {
    await withCsv({}, async (folder) => {
      const refusals: Array<readonly [args: string[], message: string]> = [
        [['--target', 'nothing'], 'rows.csv has no column nothing'],
        [['--target', 'kind'], 'Say which one is to be predicted'],
        [['--target', 'rich', '--positive', 'maybe'], 'the target rich has no value maybe; it has no, yes'],
        [['--target', 'rich', '--l2', '1'], '--l2 is not for --algorithm boosting'],
        [['--target', 'rich', '--algorithm', 'logistic', '--rounds', '3'], '--rounds is not for --algorithm logistic'],
        [['--target', 'rich', '--rounds', 'many'], '--rounds: expected a number, got "many"'],
        [['--target', 'rich', '--subsample', '2'], 'subsample: expected a number above 0 and at most 1, got 2'],
        [['--target', 'value', '--class-weight', 'balanced'], '--class-weight is for yes-or-no targets'],
        [['--target', 'value', '--out', 'm.bin'], '--out: expected a name that ends in .json'],
        [['--target', 'value', '--fields', 'years,ages'], 'rows.csv has no column ages'],
      ];
      const answers = await Promise.all(refusals.map(([args]) => train(folder, ...args)));
      answers.forEach(({ code, stderr }, at) => {
        expect({ code, stderr }).toEqual({
          code: 2,
          stderr: expect.stringContaining(refusals[at]?.[1] as string),
        });
      });
    });
  });
});
