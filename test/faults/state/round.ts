import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { REWRITES } from '../net/rewrites.ts';
import { cleanUp, completed, missing, PARTITIONS, perform, stall } from '../performance.ts';
import type { Violation } from '../proof/evidence.ts';
import { judge, sumOf } from '../proof/verdict.ts';
import type { RoundOptions, RoundResult } from '../round.ts';
import { ORDERLY } from '../schedule.ts';
import type { Broker } from '../system/broker.ts';
import { Child } from '../system/child.ts';
import { brokerPorts, persist } from '../system/client.ts';
import { Fleet } from '../system/fleet.ts';
import { Observer } from '../system/observer.ts';
import { type Circumstances, deliveryEvidence, Records, stateEvidence } from './evidence-of.ts';
import { readLogs } from './log/read-log.ts';
import { Tail } from './log/tail.ts';
import { isRewrite } from './plant-names.ts';
import { FRESH, LIVING, probeAnswers, sendProbe } from './probe.ts';
import type { Memory } from './proof/evidence.ts';
import { judgeState } from './proof/verdict.ts';
import type { StatePlan } from './schedule.ts';
import { RoundTopics } from './topics.ts';
import { setTrap, type TrapResult } from './traps.ts';

export const COUNT_APP = fileURLToPath(new URL('app/count-app.ts', import.meta.url));

const LATE_MARKERS_MS = 1_000;

export interface StateRoundResult extends RoundResult {
  readonly plan: StatePlan;
  readonly traps: readonly TrapResult[];
}

/**
 * Runs load, workers, faults and traps of a plan, probes the workers that are left, then a fresh one, and judges what an
 * independent reader finds.
 */
export async function runStateRound(plan: StatePlan, broker: Broker, options: RoundOptions = {}): Promise<StateRoundResult> {
  const startedAt = performance.now();
  await broker.up();
  const topics = new RoundTopics(`faults-${randomUUID().slice(0, 13)}`);
  await createAll(broker.address, topics);
  const fleet = new Fleet({
    id: topics.id,
    brokerPorts: await brokerPorts(broker.address),
    modelUrl: undefined,
    plant: isRewrite(options.plant) ? undefined : options.plant,
    rewrite: isRewrite(options.plant) ? REWRITES[options.plant] : undefined,
    appFile: COUNT_APP,
  });
  const written = [...topics.outputs, ...topics.inputs.map((input) => topics.letters(input))];
  const observer = await Observer.start(broker.address, topics.id, [...topics.inputs, topics.repartition], written);
  const tail = new Tail(broker.address, [topics.repartition]);
  const killsBefore = broker.kills;
  try {
    const stage = { broker, fleet, model: undefined, input: topics.first, group: topics.id, partitions: PARTITIONS };
    const traps: TrapResult[] = [];
    const set = () => plan.traps.map(async (trap) => void traps.push(await setTrap(broker.address, fleet, trap)));
    const { isDone, acknowledged } = await perform(plan, stage, topics.second, observer, set);
    const memories = isDone ? await memoriesOf(broker, topics, fleet, observer, killsBefore) : [];
    await fleet.terminateAll(broker.kills > killsBefore);
    await observer.close();
    const records = new Records([...(await persist(() => readLogs(broker.address, topics.all))), ...(await tail.close())]);
    const brokerKills = broker.kills - killsBefore;
    const circumstances = circumstancesOf(plan, observer, fleet, brokerKills);
    const verdicts = topics.inputs.map((input) => judge(deliveryEvidence(records, topics, input, circumstances)));
    const stalls = isDone ? [] : await Promise.all(topics.inputs.map((input) => stall(broker.address, input, observer)));
    const violations = [
      ...topics.inputs.flatMap((input) => lostInput(records, input, acknowledged.get(input) ?? [])),
      ...stalls,
      ...fleet.violations,
      ...verdicts.flatMap((verdict) => verdict.violations),
      ...judgeState(stateEvidence(records, topics, memories, isDone)),
    ];
    return {
      plan,
      traps,
      ms: Math.round(performance.now() - startedAt),
      violations,
      counts: sumOf(verdicts.map(({ counts }) => counts)),
      repeats: verdicts.flatMap(({ repeats }) => repeats),
      workers: fleet.workers.length,
      brokerKills,
      lastWords: violations.length === 0 ? [] : fleet.workers.map((worker) => `--- ${worker.name}\n${worker.lastWords}`),
    };
  } finally {
    await fleet.close();
    await observer.close().catch(() => {});
    await tail.close().catch(() => {});
    await cleanUp(broker.address, topics.id, [...topics.all, topics.repartition]);
  }
}

/** The app's own command makes its topics, changelogs with their settings among them. */
async function createAll(address: string, topics: RoundTopics): Promise<void> {
  const child = new Child(['topics', 'create', '-A', COUNT_APP, '--json'], { KAFKA_BROKERS: address, FAULTS_ID: topics.id });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`topics create ended with ${code}: ${child.stderr}`);
}

/** What the workers that went through the round hold, and what one holds that restores everything after they have ended. */
async function memoriesOf(broker: Broker, topics: RoundTopics, fleet: Fleet, observer: Observer, killsBefore: number): Promise<Memory[]> {
  const places = { inputs: [...topics.inputs, topics.repartition], answers: topics.probes };
  const memories: Memory[] = [];
  await completed(broker, [topics.repartition], observer);
  for (const probe of [LIVING, FRESH]) {
    if (probe === FRESH) {
      await fleet.terminateAll(broker.kills > killsBefore);
      const fresh = await fleet.start();
      fresh.proxy.delayMarkers(LATE_MARKERS_MS, observer.earlier());
      // One that cannot restore ends, and is found dead.
      await fresh.ready().catch(() => {});
    }
    await sendProbe(broker.address, places, probe, PARTITIONS);
    memories.push(...(await probeAnswers(broker.address, places, probe, PARTITIONS, () => fleet.alive.length > 0)));
    // Probes are events too: all is committed before workers end.
    if (fleet.alive.length > 0) await completed(broker, places.inputs, observer);
  }
  return memories;
}

function circumstancesOf(plan: StatePlan, observer: Observer, fleet: Fleet, brokerKills: number): Circumstances {
  const zombies = fleet.workers.filter(({ mayBeZombie }) => mayBeZombie || brokerKills > 0).map(({ name }) => name);
  return {
    observations: (input) => observer.observations.get(input) ?? [],
    isUndisturbed: plan.traps.length === 0 && plan.faults.every(({ kind }) => ORDERLY.has(kind)) && brokerKills === 0,
    zombies: new Set(zombies),
    revocations: new Map(fleet.workers.map(({ name, revocations }) => [name, revocations])),
  };
}

function lostInput(records: Records, input: string, acknowledged: readonly string[]): Violation[] {
  const found = records.of(input, ({ headers }) => ({ topic: input, headers }));
  return missing(acknowledged, found, input);
}
