import { Command } from 'commander';
import { killRun, type Victim } from './kill-run.ts';

const ONE_BY_ONE: ReadonlyArray<readonly Victim[]> = [['source'], ['agent'], ['sink'], ['broker'], ['postgres']];
const TOGETHER: ReadonlyArray<readonly Victim[]> = [['source', 'agent', 'sink'], ['broker'], ['postgres']];

/** `npm run soak:car-price`: every part of car-price is killed in turn during 2,000 transactions; exit 1 when a table differs. */
const command = new Command('soak')
  .option('--transactions <n>', 'on the table of cars', '2000')
  .option('--kill-every <n>', 'transactions between two kills', '50')
  .option('--together', 'kill source, agent and sink at once, then the broker, then Postgres')
  .option('--seed <n>', 'of the changes', '1')
  .action(async (options: { transactions: string; killEvery: string; seed: string; together?: true }) => {
    const started = performance.now();
    const result = await killRun({
      transactions: Number(options.transactions),
      killEvery: Number(options.killEvery),
      victims: options.together === true ? TOGETHER : ONE_BY_ONE,
      seed: Number(options.seed),
      say: (text) => void process.stderr.write(`${text}\n`),
    });
    process.stdout.write(`${JSON.stringify({ ...result, seconds: Math.round((performance.now() - started) / 1_000) })}\n`);
    if (result.wrong > 0 || result.deadLetters > 0 || !result.isReplaySafe) process.exitCode = 1;
  });

await command.parseAsync();
