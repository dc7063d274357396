import { resolve } from 'node:path';
import { Command } from 'commander';
import type { RegressionReport } from 'streamerjs/models';
import { asset } from '../assets.ts';
import { carsOf } from '../cars.ts';
import { train } from './training.ts';

const COLUMNS = ['cars', 'RMSE', 'MAE', 'MAPE'];

/** Errors in pounds, and in percent of the price. */
function line(name: string, { rows, rmse, mae, mape }: RegressionReport): string {
  return [name, rows.toLocaleString('en'), rmse.toFixed(1), mae.toFixed(1), `${mape.toFixed(2)} %`]
    .map((cell) => cell.padEnd(10))
    .join('')
    .trimEnd();
}

/** `npm run example:car-price:train`: the weights that ship, from the generated sample. */
const command = new Command('train')
  .description(
    'Trains the price model on four fifths of the cars of a CSV file, and writes it as XGBoost JSON with its features beside it.',
  )
  .option(
    '--file <csv>',
    'cars with model, year, price, transmission, mileage, fuelType, tax, mpg and engineSize',
    asset('sample/cars.csv'),
  )
  .option('--out <json>', 'where the model goes', asset('model/weights.json'))
  .action(async ({ file, out }: { file: string; out: string }) => {
    const from = (path: string) => resolve(process.env.INIT_CWD ?? '.', path);
    const { model, training, test } = await train((await carsOf(from(file))).cars);
    await model.save(from(out));
    process.stdout.write(
      `${['', ...COLUMNS].map((name) => name.padEnd(10)).join('')}\n${line('training', training)}\n${line('test', test)}\n`,
    );
    process.stdout.write(`written to ${from(out)}\n`);
  });

await command.parseAsync().catch((error: Error) => command.error(error.message));
