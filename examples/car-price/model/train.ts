import { resolve } from 'node:path';
import { Command } from 'commander';
import { asset } from '../assets.ts';
import { carsOf } from '../cars.ts';
import { train } from './training.ts';

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
    const { model, trainedOn, testRmse } = await train((await carsOf(from(file))).cars);
    await model.save(from(out));
    process.stdout.write(
      `trained on ${trainedOn} cars, error on the others ${testRmse.toFixed(0)} pounds (RMSE); written to ${from(out)}\n`,
    );
  });

await command.parseAsync().catch((error: Error) => command.error(error.message));
