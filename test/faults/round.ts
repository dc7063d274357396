import { randomUUID } from 'node:crypto';
import { INPUT, Item, OUTPUTS, Stamp } from './app/item.ts';
import { sleep } from './clock.ts';
import { type Stage, strike } from './faults.ts';
import type { Evidence, InputEvent, Letter, Output, OutputTopic, Violation } from './proof/evidence.ts';
import { judge, type Verdict } from './proof/verdict.ts';
import { ORDERLY, type Plan } from './schedule.ts';
import type { Broker } from './system/broker.ts';
import { brokerPorts, createTopics, endsOf, persist, withAdmin } from './system/client.ts';
import { Fleet } from './system/fleet.ts';
import { produceLoad } from './system/load.ts';
import { ModelServer } from './system/model.ts';
import { Observer } from './system/observer.ts';
import { type LogRecord, readTopics } from './system/reader.ts';

const PARTITIONS = 3;
const COMPLETION_MS = 60_000;
const LETTER = 'streamer.dlq.';

export interface RoundResult {
  readonly plan: Plan;
  readonly ms: number;
  readonly violations: readonly Violation[];
  readonly counts: Verdict['counts'];
  readonly repeats: readonly string[];
  readonly workers: number;
  readonly brokerKills: number;
  /** What the workers said last; empty when all is well. */
  readonly lastWords: readonly string[];
}

export interface RoundOptions {
  /** A bug that is planted into the workers (app/plants.ts). */
  readonly plant?: string | undefined;
}

/** Runs load, workers and faults of a plan on topics and a group of their own, and judges what an independent reader finds. */
export async function runRound(plan: Plan, broker: Broker, options: RoundOptions = {}): Promise<RoundResult> {
  const startedAt = performance.now();
  await broker.up();
  const id = `faults-${randomUUID().slice(0, 13)}`;
  const hasModel = plan.faults.some(({ kind }) => kind === 'model-kill');
  const outputTopics = OUTPUTS.filter(({ agent }) => hasModel || agent !== 'model').map(({ topic, agent }) => ({
    topic: `${id}.${topic}`,
    agent,
  }));
  const [input, letterTopic] = [`${id}.${INPUT}`, `${id}.${INPUT}.${id}.dlq`];
  const all = [input, letterTopic, ...OUTPUTS.map(({ topic }) => `${id}.${topic}`)];
  await createTopics(broker.address, all, PARTITIONS);
  const model = hasModel ? await ModelServer.start() : undefined;
  const brokers = await brokerPorts(broker.address);
  const fleet = new Fleet({ id, brokerPorts: brokers, modelUrl: model?.url, plant: options.plant });
  const observer = await Observer.start(broker.address, id, input, [...outputTopics.map(({ topic }) => topic), letterTopic]);
  const killsBefore = broker.kills;
  try {
    const stage: Stage = { broker, fleet, model, input, partitions: PARTITIONS };
    const { isDone, acknowledged } = await perform(plan, stage, observer);
    await fleet.terminateAll(broker.kills > killsBefore);
    await observer.close();
    const records = await persist(() => readTopics(broker.address, [input, letterTopic, ...outputTopics.map(({ topic }) => topic)]));
    const brokerKills = broker.kills - killsBefore;
    const evidence = evidenceOf(records, { plan, input, letterTopic, outputTopics, observer, fleet, brokerKills });
    const { violations, counts, repeats } = judge(evidence);
    const found = [
      ...missing(acknowledged, records, input),
      ...(isDone ? [] : [await stall(broker.address, input, observer)]),
      ...fleet.violations,
      ...violations,
    ];
    const lastWords = found.length === 0 ? [] : fleet.workers.map((worker) => `--- ${worker.name}\n${worker.lastWords}`);
    const ms = Math.round(performance.now() - startedAt);
    return { plan, ms, violations: found, counts, repeats, workers: fleet.workers.length, brokerKills, lastWords };
  } finally {
    await fleet.close();
    await model?.kill();
    await observer.close().catch(() => {});
    await cleanUp(broker.address, id, all);
  }
}

/** Starts the workers, until one is ready. Those that met a broker kill of another round meanwhile have ended. */
async function begin(plan: Plan, broker: Broker, fleet: Fleet): Promise<void> {
  for (;;) {
    await broker.up();
    const { kills } = broker;
    const workers = await Promise.all(Array.from({ length: plan.workers }, () => fleet.start()));
    try {
      return await Promise.any(workers.map(async (worker) => void (await worker.ready())));
    } catch (error) {
      if (broker.kills === kills) throw (error as AggregateError).errors[0];
    }
  }
}

/** Was everything committed in time, and which ids has the broker acknowledged? */
async function perform(plan: Plan, stage: Stage, observer: Observer): Promise<{ isDone: boolean; acknowledged: readonly string[] }> {
  const { broker, fleet, input } = stage;
  await begin(plan, broker, fleet);
  const [acknowledged] = await Promise.all([
    produceLoad(broker.address, input, plan.load, () => stage.partitions),
    ...plan.faults.map((fault) => strike(stage, fault)),
  ]);
  await fleet.ensureOne();
  const ends = await withAdmin(broker.address, (admin) => persist(() => endsOf(admin, input)));
  for (const deadline = Date.now() + COMPLETION_MS; Date.now() < deadline; await sleep(50)) {
    if (observer.isDone(ends)) return { isDone: true, acknowledged };
  }
  return { isDone: false, acknowledged };
}

/** What the broker has acknowledged must be in the input: also after it was killed. */
function missing(acknowledged: readonly string[], records: readonly LogRecord[], input: string): Violation[] {
  const arrived = new Set(records.filter(({ topic }) => topic === input).map(({ headers }) => headers['id']));
  const gone = acknowledged.filter((id) => !arrived.has(id));
  if (gone.length === 0) return [];
  return [
    { rule: 'lost', what: `the broker acknowledged ${gone.length} records that are not in the input: ${gone.slice(0, 10).join(', ')}` },
  ];
}

async function stall(brokers: string, input: string, observer: Observer): Promise<Violation> {
  const ends = await withAdmin(brokers, (admin) => endsOf(admin, input));
  const commits = observer.observations.at(-1)?.commits;
  const where = [...ends].map(([partition, end]) => `${partition}: ${commits?.get(partition)?.offset ?? 'none'} of ${end}`);
  return { rule: 'stall', what: `not everything was committed ${COMPLETION_MS} ms after the last fault (${where.join(', ')})` };
}

interface Circumstances {
  readonly plan: Plan;
  readonly input: string;
  readonly letterTopic: string;
  readonly outputTopics: readonly OutputTopic[];
  readonly observer: Observer;
  readonly fleet: Fleet;
  readonly brokerKills: number;
}

function evidenceOf(records: readonly LogRecord[], found: Circumstances): Evidence {
  const { plan, input, letterTopic, outputTopics, observer, fleet, brokerKills } = found;
  const others = records.filter(({ topic }) => topic !== input);
  // Whoever asked for the broker's kill, it may have silenced every worker for longer than a session.
  const zombies = fleet.workers.filter(({ mayBeZombie }) => mayBeZombie || brokerKills > 0).map(({ name }) => name);
  return {
    input: records.filter(({ topic }) => topic === input).map(toInput),
    letters: others.filter(({ topic }) => topic === letterTopic).map(toLetter),
    outputs: others.filter(({ topic }) => topic !== letterTopic).map(toOutput),
    observations: observer.observations,
    outputTopics,
    letterTopic,
    isUndisturbed: plan.faults.every(({ kind }) => ORDERLY.has(kind)) && brokerKills === 0,
    zombies: new Set(zombies),
    revocations: new Map(fleet.workers.map(({ name, revocations }) => [name, revocations])),
  };
}

function toInput({ partition, offset, key, value }: LogRecord): InputEvent {
  try {
    const { id, kind } = Item.parse(JSON.parse(value));
    return { partition, offset, key, id, kind };
  } catch {
    return { partition, offset, key, id: undefined, kind: 'undecodable' };
  }
}

function toOutput({ topic, partition, offset, key, value }: LogRecord): Output {
  const { id, by, from, to, ...source } = Stamp.parse(JSON.parse(value));
  return { topic, at: { partition, offset }, key, id, source: { partition: source.partition, offset: source.offset }, by, from, to };
}

function toLetter({ partition, offset, headers }: LogRecord): Letter {
  const source = { partition: Number(headers[`${LETTER}partition`]), offset: Number(headers[`${LETTER}offset`]) };
  return { at: { partition, offset }, source, agent: headers[`${LETTER}agent`] };
}

async function cleanUp(brokers: string, id: string, topics: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [...topics] });
    await admin.deleteGroups([id]);
  }).catch(() => {
    // What a broken round leaves behind has names of its own.
  });
}
