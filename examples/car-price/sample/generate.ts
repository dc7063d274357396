import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { asset } from '../assets.ts';
import { generate } from './generated-cars.ts';

/** `npm run example:car-price:sample` */
const command = new Command('sample')
  .description('Writes a CSV of generated used cars.')
  .option('--rows <n>', 'how many', '2000')
  .option('--seed <n>', 'the same seed gives the same file', '7')
  .option('--out <csv>', 'where they go', asset('sample/cars.csv'))
  .action(async ({ rows, seed, out }: { rows: string; seed: string; out: string }) => {
    const [count, start] = [Number(rows), Number(seed)];
    if (!Number.isInteger(count) || count < 1 || !Number.isInteger(start)) throw new RangeError('--rows and --seed must be whole numbers');
    const path = resolve(process.env.INIT_CWD ?? '.', out);
    await writeFile(path, generate(count, start));
    process.stdout.write(`written ${path}: ${count} generated cars\n`);
  });

await command.parseAsync().catch((error: Error) => command.error(error.message));
