import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { TRANSACTIONAL, type TransactionalName } from '../net/transactional.ts';
import { Random } from '../random.ts';
import type { RoundResult } from '../round.ts';
import { runAll, type Target, whyNoBrokerKill } from '../runner.ts';
import type { Kind } from '../schedule.ts';
import { lineOf, summarize } from '../summary.ts';
import { endOnSignals } from '../system/interrupt.ts';
import { PLANT_NAMES } from './plant-names.ts';
import { runStateRound, type StateRoundResult } from './round.ts';
import {
  describeStatePlan,
  drawStatePlan,
  EFFECTS,
  type Effect,
  STATE_KINDS,
  type StatePlan,
  statePlanWith,
  trapWith,
} from './schedule.ts';

const HELP = `npm run soak:state -- [options]     disturbs workers that count, and proves that every count is exact

  --rounds <n>            rounds (54: every effect at every request of a commit)
  --restarts <n>          rounds that also have the broker killed and restarted (a tenth of them)
  --minutes <n>           begins no round after this time (180)
  --seed <n>              of the first round; the next ones have the next numbers (1)
  --broker <where>        embedded, or host:port,... of a Kafka that runs (embedded)
  --restart-broker <cmd>  for a Kafka that runs: shell command that kills it and starts it again on its data
  --parallel <n>          rounds side by side (2)
  --kinds <list>          exactly these faults in each round, comma separated: ${STATE_KINDS.join(', ')}
  --traps <list>          exactly these traps in each round: effect:request,...
  --plant <name>          a bug in the workers, which must be found: ${PLANT_NAMES.join(', ')}
  --out <file>            the summary, as JSON (soak-state.json)

Effects:
${Object.entries(EFFECTS)
  .map(([effect, about]) => `  ${effect.padEnd(17)} ${about}`)
  .join('\n')}

Requests: ${Object.keys(TRANSACTIONAL).join(', ')}

On a machine that is busy with other work, FAULTS_COMPLETION_MS gives a round more than 60,000 ms for what is left after its last fault.
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '54' },
    restarts: { type: 'string' },
    minutes: { type: 'string', default: '180' },
    seed: { type: 'string', default: '1' },
    broker: { type: 'string', default: 'embedded' },
    'restart-broker': { type: 'string' },
    parallel: { type: 'string', default: '2' },
    kinds: { type: 'string' },
    traps: { type: 'string' },
    plant: { type: 'string' },
    out: { type: 'string', default: 'soak-state.json' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function fail(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function listed(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((part) => part !== '');
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return names.some((each) => each === name);
}

function chosenKinds(): Kind[] {
  const allowed: readonly Kind[] = [...STATE_KINDS, 'broker-kill'];
  return listed(values.kinds).map((name) =>
    isOneOf(allowed, name) ? name : fail(`--kinds: there is no "${name}"; there are ${allowed.join(', ')}`),
  );
}

function chosenTraps(): Array<readonly [Effect, TransactionalName]> {
  const effects = Object.keys(EFFECTS) as Effect[];
  const requests = Object.keys(TRANSACTIONAL) as TransactionalName[];
  return listed(values.traps).map((text) => {
    const [effect = '', request = ''] = text.split(':');
    if (isOneOf(effects, effect) && isOneOf(requests, request)) return [effect, request] as const;
    return fail(`--traps: "${text}" is not effect:request`);
  });
}

function plansOf(rounds: number, restarts: number, seed: number): StatePlan[] {
  const isExact = values.kinds !== undefined || values.traps !== undefined;
  const [kinds, traps] = [chosenKinds(), chosenTraps()];
  return Array.from({ length: rounds }, (_, i) => {
    const random = new Random(seed + i);
    if (isExact)
      return statePlanWith(
        seed + i,
        kinds,
        traps.map((trap) => trapWith(...trap, random)),
      );
    const isBrokerKilled = Math.floor(((i + 1) * restarts) / rounds) > Math.floor((i * restarts) / rounds);
    return drawStatePlan(seed + i, { isBrokerKilled });
  });
}

function report({ plan, violations, lastWords }: StateRoundResult): string {
  return [
    `FAILED ${describeStatePlan(plan)}`,
    `  schedule ${JSON.stringify(plan.faults)} ${JSON.stringify(plan.traps)}`,
    ...violations.map(({ rule, what }) => `  ${rule}: ${what}`),
    ...lastWords,
    `  again: npm run soak:state -- --rounds 1 --seed ${plan.seed} --broker ${values.broker}${plan.kinds.includes('broker-kill') ? ' --restarts 1' : ' --restarts 0'}`,
  ].join('\n');
}

/** How often each effect met each request. */
function sprung(results: readonly StateRoundResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { effect, request, isSprung } of results.flatMap(({ traps }) => traps)) {
    if (isSprung) counts[`${effect}:${request}`] = (counts[`${effect}:${request}`] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort());
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const target: Target = { broker: values.broker, restartCommand: values['restart-broker'] };
  const rounds = Number(values.rounds);
  const why = await whyNoBrokerKill(target);
  const restarts = values.restarts === undefined ? (why === undefined ? Math.ceil(rounds / 10) : 0) : Number(values.restarts);
  if (restarts > 0 && why !== undefined) fail(`--restarts ${restarts}: this broker cannot be killed: ${why}`);
  const plans = plansOf(rounds, restarts, Number(values.seed));
  const startedAt = new Date();
  const ran = new Map<number, StateRoundResult>();
  // A round that broke off has no traps to show.
  const roundOf = (result: RoundResult): StateRoundResult =>
    ran.get(result.plan.seed) ?? { ...result, plan: { ...result.plan, traps: [] }, traps: [] };
  const run: typeof runStateRound = async (plan, broker, options) => {
    const result = await runStateRound(plan, broker, options);
    ran.set(plan.seed, result);
    return result;
  };
  const onResult = (result: RoundResult) => {
    const round = roundOf(result);
    const traps = round.traps.map(({ effect, request, isSprung }) => `${effect}:${request}${isSprung ? '' : ' (not sprung)'}`);
    process.stdout.write(`${lineOf(result)}  ${traps.join(' ')}\n`);
    if (result.violations.length > 0) process.stderr.write(`${report(round)}\n`);
  };
  const limitMs = Number(values.minutes) * 60_000;
  const options = { parallel: Number(values.parallel), limitMs, onResult, plant: values.plant };
  const results = (await runAll(plans, target, options, run)).map(roundOf);
  const summary = {
    broker: values.broker === 'embedded' ? 'embedded' : 'Kafka',
    planned: plans.length,
    ...summarize(results, startedAt),
    sprung: sprung(results),
  };
  const details = results.map(({ plan, traps, ms, counts, brokerKills, violations }) => ({
    seed: plan.seed,
    plan: describeStatePlan(plan),
    traps,
    ms,
    brokerKills,
    ...counts,
    violations,
  }));
  await writeFile(values.out, `${JSON.stringify({ ...summary, results: details }, null, 1)}\n`);
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  process.exitCode = results.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

endOnSignals();
await main();
