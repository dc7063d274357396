import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Random } from './random.ts';
import { report, runAll, type Target, whyNoBrokerKill } from './runner.ts';
import { ALL_KINDS, BROKER_KINDS, type Kind, type Plan, planWith } from './schedule.ts';
import { lineOf, summarize } from './summary.ts';
import { endOnSignals } from './system/interrupt.ts';

const HELP = `npm run soak -- [options]     many rounds with worker kills and zombies, and broker restarts among them

  --rounds <n>            rounds (200)
  --restarts <n>          rounds that also have the broker killed and restarted (50)
  --minutes <n>           begins no round after this time (180)
  --seed <n>              of the first round (1)
  --broker <where>        embedded, or host:port,... of a Kafka that runs (embedded)
  --restart-broker <cmd>  for a Kafka that runs: shell command that kills it and starts it again on its data
  --parallel <n>          rounds side by side (2)
  --out <file>            the summary, as JSON (soak.json)
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    restarts: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '180' },
    seed: { type: 'string', default: '1' },
    broker: { type: 'string', default: 'embedded' },
    'restart-broker': { type: 'string' },
    parallel: { type: 'string', default: '2' },
    out: { type: 'string', default: 'soak.json' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const OTHERS = ALL_KINDS.filter((kind) => !BROKER_KINDS.has(kind));

/** Every round has a kill or a zombie, and up to two faults more; restarts are spread over the run. */
function plansOf(rounds: number, restarts: number, seed: number): Plan[] {
  const random = new Random(seed);
  return Array.from({ length: rounds }, (_, i) => {
    const kinds: Kind[] = [i % 2 === 0 ? 'kill' : 'zombie'];
    for (let more = random.int(0, 2); more > 0; more--) kinds.push(random.pick(OTHERS));
    const isRestart = Math.floor(((i + 1) * restarts) / rounds) > Math.floor((i * restarts) / rounds);
    return planWith(seed + i, isRestart ? [...kinds, 'broker-kill'] : kinds);
  });
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const target: Target = { broker: values.broker, restartCommand: values['restart-broker'] };
  const restarts = Number(values.restarts);
  const why = restarts > 0 ? await whyNoBrokerKill(target) : undefined;
  if (why !== undefined) {
    process.stderr.write(`--restarts ${restarts}: this broker cannot be killed: ${why}; --restarts 0 runs without\n`);
    process.exitCode = 2;
    return;
  }
  const plans = plansOf(Number(values.rounds), restarts, Number(values.seed));
  const startedAt = new Date();
  const results = await runAll(plans, target, {
    parallel: Number(values.parallel),
    limitMs: Number(values.minutes) * 60_000,
    onStart: (address) => process.stderr.write(`rounds on the broker at ${address}\n`),
    onResult: (result) => {
      process.stdout.write(`${lineOf(result)}\n`);
      if (result.violations.length > 0) process.stderr.write(`${report(result, target)}\n`);
    },
  });
  const rounds = results.map(({ plan, ms, counts, brokerKills, violations }) => ({
    seed: plan.seed,
    kinds: plan.faults.map(({ kind }) => kind),
    ms,
    brokerKills,
    ...counts,
    violations,
  }));
  const summary = { broker: values.broker === 'embedded' ? 'embedded' : 'Kafka', planned: plans.length, ...summarize(results, startedAt) };
  await writeFile(values.out, `${JSON.stringify({ ...summary, results: rounds }, null, 1)}\n`);
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  process.exitCode = summary['failed' as keyof typeof summary] === 0 ? 0 : 1;
}

endOnSignals();
await main();
