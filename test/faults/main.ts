import { parseArgs } from 'node:util';
import { report, runAll, type Target, whyNoBrokerKill } from './runner.ts';
import { ALL_KINDS, BROKER_KINDS, describePlan, drawPlan, KINDS, type Kind, planWith } from './schedule.ts';
import { lineOf, summarize } from './summary.ts';
import { endOnSignals } from './system/interrupt.ts';

const HELP = `npm run faults -- [options]     disturbs workers and proves that nothing is lost, reordered, or committed too early

  --rounds <n>            rounds to run (10)
  --seed <n>              seed of the first round; the next ones have the next numbers (drawn, and printed)
  --broker <where>        embedded, or host:port,... of a Kafka that runs (embedded)
  --restart-broker <cmd>  for a Kafka that runs: shell command that kills it and starts it again on its data
  --kill-node <cmd>       the same with the node whose id is in NODE, of several; it should lead again when the command returns
  --kinds <list>          kinds of faults, comma separated (all that the broker allows)
  --exact                 each round has just these faults, each as often as it is listed
  --parallel <n>          rounds side by side (2)
  --json                  one object per round, and the summary, as JSON lines

Kinds:
${Object.entries(KINDS)
  .map(([kind, about]) => `  ${kind.padEnd(12)} ${about}`)
  .join('\n')}
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string' },
    broker: { type: 'string', default: 'embedded' },
    'restart-broker': { type: 'string' },
    'kill-node': { type: 'string' },
    kinds: { type: 'string' },
    exact: { type: 'boolean', default: false },
    parallel: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || text === '') fail(`--${name}: expected a whole number, got "${text}"`);
  return value;
}

function fail(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

/** What was asked for must be possible; what is only allowed is left out when it is not. */
async function chosenKinds(target: Target): Promise<Kind[]> {
  const why = await whyNoBrokerKill(target);
  const canBe = (kind: Kind) => (kind === 'broker-kill' ? why === undefined : kind !== 'leader-kill' || values['kill-node'] !== undefined);
  if (values.kinds === undefined) return ALL_KINDS.filter((kind) => !BROKER_KINDS.has(kind) || canBe(kind));
  const names = values.kinds.split(',').filter((name) => name !== '');
  for (const name of names) if (!(name in KINDS)) fail(`--kinds: there is no "${name}"; there are ${ALL_KINDS.join(', ')}`);
  if (why !== undefined && names.includes('broker-kill')) fail(`broker-kill: this broker cannot be killed: ${why}`);
  if (names.includes('leader-kill') && !canBe('leader-kill')) fail('leader-kill: say how with --kill-node "<command>"');
  return names as Kind[];
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const target: Target = { broker: values.broker, restartCommand: values['restart-broker'], killNodeCommand: values['kill-node'] };
  const kinds = await chosenKinds(target);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : wholeNumber('seed', values.seed);
  const rounds = wholeNumber('rounds', values.rounds);
  const plans = Array.from({ length: rounds }, (_, i) => (values.exact ? planWith(seed + i, kinds) : drawPlan(seed + i, kinds)));
  const say = (object: Record<string, unknown>, text: string) => process.stdout.write(`${values.json ? JSON.stringify(object) : text}\n`);
  const startedAt = new Date();
  const results = await runAll(plans, target, {
    parallel: Math.max(1, wholeNumber('parallel', values.parallel)),
    onResult: (result) => {
      const { plan, ms, counts, repeats, violations, brokerKills } = result;
      say(
        { round: describePlan(plan), ms, counts, repeats, brokerKills, violations, ...(violations.length > 0 ? { plan } : {}) },
        lineOf(result),
      );
      if (violations.length > 0) process.stderr.write(`${report(result, target)}\n`);
    },
  });
  const summary = summarize(results, startedAt);
  say({ summary }, JSON.stringify(summary, null, 2));
  process.exitCode = summary['failed'] === 0 ? 0 : 1;
}

endOnSignals();
await main();
