import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { readCsv } from 'streamerjs/connect';
import { asset } from '../assets.ts';
import { wholeOf } from '../numbers.ts';
import { generate } from './customers.ts';
import { type Distributions, measure } from './distributions.ts';

interface Options {
  readonly measure?: string;
  readonly rows: string;
  readonly seed: string;
  readonly out: string;
}

const DISTRIBUTIONS = 'sample/distributions.json';

const command = new Command('sample')
  .description('Writes a CSV of generated customers, drawn from the distributions of the real file.')
  .option('--rows <n>', 'how many customers', '4521')
  .option('--seed <n>', 'the same seed gives the same file', '20')
  .option('--measure <csv>', 'measure the distributions of this file first, and write them to sample/distributions.json')
  .option('--out <csv>', 'where the customers go', asset('sample/customers.csv'))
  .action(async (options: Options) => {
    const known = asset(DISTRIBUTIONS);
    if (options.measure !== undefined) {
      const rows = await rowsOf(fromHere(options.measure));
      await writeFile(known, `${JSON.stringify(measure(rows), null, 2)}\n`);
    }
    const distributions = JSON.parse(await readFile(known, 'utf8')) as Distributions;
    const out = fromHere(options.out);
    await writeFile(out, generate(distributions, wholeOf('--rows', options.rows), wholeOf('--seed', options.seed)));
    process.stdout.write(`written ${out}: ${options.rows} generated customers\n`);
  });

/** npm runs scripts in the package's folder; paths are meant from where the user stands. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

async function rowsOf(file: string): Promise<Array<Readonly<Record<string, string>>>> {
  const rows: Array<Readonly<Record<string, string>>> = [];
  for await (const result of readCsv(file)) {
    if ('error' in result) throw new Error(`${file}, line ${result.line}: ${result.error.message}`);
    rows.push(result.row);
  }
  return rows;
}

await command.parseAsync().catch((error: Error) => command.error(error.message));
