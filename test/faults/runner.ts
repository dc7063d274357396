import { type RoundOptions, type RoundResult, runRound } from './round.ts';
import { describePlan, type Plan } from './schedule.ts';
import { type Broker, embeddedBroker, keepsRecordsOnDisk, runningBroker } from './system/broker.ts';
import { waitForBroker } from './system/client.ts';

export interface Target {
  /** `embedded`, or a bootstrap list. */
  readonly broker: string;
  /** For a running broker: the shell command that kills it and starts it again on its data. */
  readonly restartCommand?: string | undefined;
  /** For a running broker: the shell command that does so with the node whose id is in NODE, until that leads again. */
  readonly killNodeCommand?: string | undefined;
}

export interface RunOptions extends RoundOptions {
  /** Rounds side by side. */
  readonly parallel: number;
  /** No round is begun after this time. */
  readonly limitMs?: number | undefined;
  /** Told the address of the broker that rounds share. */
  readonly onStart?: (address: string) => void;
  readonly onResult: (result: RoundResult) => void;
}

/** Why the broker of the target cannot be killed; undefined when it can. */
export async function whyNoBrokerKill({ broker, restartCommand }: Target): Promise<string | undefined> {
  if (broker !== 'embedded') {
    return restartCommand === undefined ? 'say how with --restart-broker "<command that kills it and starts it on its data>"' : undefined;
  }
  return (await keepsRecordsOnDisk()) ? undefined : 'this version of `streamer broker` keeps no records on disk (--data is refused)';
}

/** Runs every plan, several side by side. Each round with a broker kill has an embedded broker of its own. */
export async function runAll<P extends Plan>(
  plans: readonly P[],
  target: Target,
  options: RunOptions,
  run: (plan: P, broker: Broker, options: RoundOptions) => Promise<RoundResult> = runRound,
): Promise<RoundResult[]> {
  const deadline = Date.now() + (options.limitMs ?? Number.POSITIVE_INFINITY);
  const shared = target.broker === 'embedded' ? await embeddedBroker({ onDisk: false }) : await reached(target);
  options.onStart?.(shared.address);
  const waiting = [...plans];
  const results: RoundResult[] = [];
  const lane = async () => {
    for (let plan = waiting.shift(); plan !== undefined && Date.now() < deadline; plan = waiting.shift()) {
      const result = await attempt(plan, target, shared, (broker) => run(plan, broker, options));
      results.push(result);
      options.onResult(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.parallel }, lane));
  } finally {
    await shared.close();
  }
  return results;
}

async function reached({ broker, restartCommand, killNodeCommand }: Target): Promise<Broker> {
  await waitForBroker(broker);
  return runningBroker(broker, { restart: restartCommand, killNode: killNodeCommand });
}

/** What keeps a round from being judged fails it: a harness that breaks proves nothing. */
async function attempt(plan: Plan, target: Target, shared: Broker, run: (broker: Broker) => Promise<RoundResult>): Promise<RoundResult> {
  const isOwn = target.broker === 'embedded' && plan.faults.some(({ kind }) => kind === 'broker-kill');
  const broker = isOwn ? await embeddedBroker({ onDisk: true }) : shared;
  try {
    return await run(broker);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const counts = { events: 0, outputs: 0, deadLetters: 0, doubles: 0, observations: 0, maps: 0 };
    return { plan, ms: 0, violations: [{ rule: 'harness', what }], counts, repeats: [], workers: 0, brokerKills: 0, lastWords: [] };
  } finally {
    if (isOwn) await broker.close();
  }
}

/** Everything that is needed to look into a round that failed, and to run it again. */
export function report({ plan, violations, lastWords }: RoundResult, target: Target): string {
  return [
    `FAILED ${describePlan(plan)}`,
    `  schedule ${JSON.stringify(plan.faults)}`,
    ...violations.map(({ rule, what }) => `  ${rule}: ${what}`),
    ...lastWords,
    `  again: npm run faults -- --rounds 1 --seed ${plan.seed} --exact --kinds '${plan.kinds.join(',')}' --broker ${target.broker}`,
  ].join('\n');
}
