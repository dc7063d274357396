import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { BinaryReport } from 'streamerjs/models';
import { asset } from '../assets.ts';
import { evaluate, readLabelled, train } from './training.ts';
import { WEIGHTS, type WeightsFile } from './weights.ts';

interface Options {
  readonly file: string;
  readonly test?: string;
  readonly out: string;
}

const command = new Command('train')
  .description('Trains the bank model and prints how good it is.')
  .requiredOption('--file <csv>', "UCI's bank-full.csv: 16 features and the label y")
  .option('--test <csv>', 'rows to keep out of training and to test on (default: bank_marketing_data.csv beside the file)')
  .option('--out <json>', 'where the weights go', asset(WEIGHTS))
  .action(async (options: Options) => {
    const file = fromHere(options.file);
    const test = options.test === undefined ? join(dirname(file), 'bank_marketing_data.csv') : fromHere(options.test);
    const out = fromHere(options.out);
    if (!existsSync(test))
      command.error(`There is no ${test}. Name the rows to keep out of training with --test: the simulation streams them.`);
    const rows = await readLabelled(file, test);
    const model = train(rows.train);
    print('training', await evaluate(model, rows.train));
    print('test', await evaluate(model, rows.test));
    const about = 'Logistic regression on the 14 fields of an event, trained by model/train.ts on UCI "Bank Marketing" (CC BY 4.0)';
    const content: WeightsFile = { about, trainedOn: rows.train.length, model };
    await writeFile(out, `${JSON.stringify(content, null, 1)}\n`);
    process.stdout.write(`written ${out}\n`);
  });

/** npm runs scripts in the package's folder; paths are meant from where the user stands. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

function print(name: string, { rows, auc, accuracy, logLoss }: BinaryReport): void {
  process.stdout.write(
    `${name.padEnd(9)} ${rows.toLocaleString('en')} rows   AUC ${auc.toFixed(4)}   accuracy ${(accuracy * 100).toFixed(1)} %   log loss ${logLoss.toFixed(4)}\n`,
  );
}

await command.parseAsync().catch((error: Error) => command.error(error.message));
