import { randomUUID } from 'node:crypto';
import { INPUT, Item, OF_BOTH, OUTPUTS, SECOND_INPUT, Stamp } from './app/item.ts';
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
/** Events of the second input for each of the first. */
const SECOND_SHARE = 0.3;
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
  const outputTopics = OUTPUTS.filter(({ agent }) => hasModel || agent !== 'model').map((output) => ({
    ...output,
    topic: `${id}.${output.topic}`,
  }));
  const first: Source = { input: `${id}.${INPUT}`, letterTopic: `${id}.${INPUT}.${id}.dlq`, outputTopics };
  const second: Source = {
    input: `${id}.${SECOND_INPUT}`,
    letterTopic: `${id}.${SECOND_INPUT}.${id}.dlq`,
    outputTopics: outputTopics.filter(({ agent }) => agent === OF_BOTH),
  };
  const sources = [first, second];
  const written = [...sources.flatMap(({ letterTopic }) => letterTopic), ...outputTopics.map(({ topic }) => topic)];
  const all = [...sources.flatMap(({ input, letterTopic }) => [input, letterTopic]), ...OUTPUTS.map(({ topic }) => `${id}.${topic}`)];
  await createTopics(broker.address, all, PARTITIONS);
  const model = hasModel ? await ModelServer.start() : undefined;
  const brokers = await brokerPorts(broker.address);
  const fleet = new Fleet({ id, brokerPorts: brokers, modelUrl: model?.url, plant: options.plant });
  const inputs = sources.map(({ input }) => input);
  const observer = await Observer.start(broker.address, id, inputs, written);
  const killsBefore = broker.kills;
  try {
    const stage: Stage = { broker, fleet, model, input: first.input, group: id, partitions: PARTITIONS };
    const { isDone, acknowledged } = await perform(plan, stage, second.input, observer);
    await fleet.terminateAll(broker.kills > killsBefore);
    await observer.close();
    const records = await persist(() => readTopics(broker.address, [...inputs, ...written]));
    const brokerKills = broker.kills - killsBefore;
    const verdicts = sources.map((source) => judge(evidenceOf(records, source, { plan, observer, fleet, brokerKills })));
    const found = [
      ...sources.flatMap(({ input }) => missing(acknowledged.get(input) ?? [], records, input)),
      ...(isDone ? [] : await Promise.all(inputs.map((input) => stall(broker.address, input, observer)))),
      ...fleet.violations,
      ...verdicts.flatMap(({ violations }) => violations),
    ];
    const lastWords = found.length === 0 ? [] : fleet.workers.map((worker) => `--- ${worker.name}\n${worker.lastWords}`);
    return {
      plan,
      ms: Math.round(performance.now() - startedAt),
      violations: found,
      counts: sumOf(verdicts.map(({ counts }) => counts)),
      repeats: verdicts.flatMap(({ repeats }) => repeats),
      workers: fleet.workers.length,
      brokerKills,
      lastWords,
    };
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

/** Was everything committed in time, and which ids has the broker acknowledged, by input? */
async function perform(plan: Plan, stage: Stage, second: string, observer: Observer): Promise<Performance> {
  const { broker, fleet, input } = stage;
  await begin(plan, broker, fleet);
  const { seed, events, forMs } = plan.load;
  const less = { seed: seed ^ 0x2ec0d, events: Math.ceil(events * SECOND_SHARE), forMs };
  const loads = [
    produceLoad(broker.address, input, plan.load, () => stage.partitions),
    produceLoad(broker.address, second, less, () => PARTITIONS),
  ] as const;
  const faults = plan.faults.map((fault) => strike(stage, fault));
  // Whatever fails, the others come to their end before the stage is cleared away.
  await Promise.allSettled([...loads, ...faults]);
  await Promise.all(faults);
  const [loaded, more] = await Promise.all(loads);
  await fleet.ensureOne();
  const acknowledged = new Map([
    [input, loaded],
    [second, more],
  ]);
  const ends = await withAdmin(broker.address, (admin) =>
    Promise.all([...acknowledged.keys()].map(async (topic) => [topic, await persist(() => endsOf(admin, topic))] as const)),
  );
  const isDone = () => ends.every(([topic, end]) => observer.isDone(topic, end));
  let { kills } = broker;
  for (let deadline = Date.now() + COMPLETION_MS; Date.now() < deadline; await sleep(50)) {
    if (isDone()) return { isDone: true, acknowledged };
    if (broker.kills === kills) continue;
    // A round beside this one had the broker killed: that was the last fault.
    await broker.up();
    ({ kills } = broker);
    deadline = Date.now() + COMPLETION_MS;
  }
  return { isDone: false, acknowledged };
}

function sumOf(all: ReadonlyArray<Verdict['counts']>): Verdict['counts'] {
  const sum = (name: keyof Verdict['counts']) => all.reduce((total, counts) => total + counts[name], 0);
  return {
    events: sum('events'),
    outputs: sum('outputs'),
    deadLetters: sum('deadLetters'),
    doubles: sum('doubles'),
    observations: sum('observations'),
    maps: sum('maps'),
  };
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
  const commits = observer.observations.get(input)?.at(-1)?.commits;
  const where = [...ends].map(([partition, end]) => `${partition}: ${commits?.get(partition)?.offset ?? 'none'} of ${end}`);
  return { rule: 'stall', what: `${input}: not everything was committed ${COMPLETION_MS} ms after the last fault (${where.join(', ')})` };
}

interface Performance {
  readonly isDone: boolean;
  readonly acknowledged: ReadonlyMap<string, readonly string[]>;
}

/** An input, and what is made of it. */
interface Source {
  readonly input: string;
  readonly letterTopic: string;
  readonly outputTopics: readonly OutputTopic[];
}

interface Circumstances {
  readonly plan: Plan;
  readonly observer: Observer;
  readonly fleet: Fleet;
  readonly brokerKills: number;
}

function evidenceOf(records: readonly LogRecord[], { input, letterTopic, outputTopics }: Source, found: Circumstances): Evidence {
  const { plan, observer, fleet, brokerKills } = found;
  const names = new Set(outputTopics.map(({ topic }) => topic));
  // Whoever asked for the broker's kill, it may have silenced every worker for longer than a session.
  const zombies = fleet.workers.filter(({ mayBeZombie }) => mayBeZombie || brokerKills > 0).map(({ name }) => name);
  return {
    input: records.filter(({ topic }) => topic === input).map(toInput),
    letters: records.filter(({ topic }) => topic === letterTopic).map(toLetter),
    outputs: records.filter(({ topic }) => names.has(topic)).flatMap((record) => toOutput(record, input)),
    observations: observer.observations.get(input) ?? [],
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

/** None where it was made of another input. */
function toOutput({ topic, partition, offset, key, value }: LogRecord, input: string): Output[] {
  const { id, by, from, to, ...source } = Stamp.parse(JSON.parse(value));
  if (source.topic !== input) return [];
  return [{ topic, at: { partition, offset }, key, id, source: { partition: source.partition, offset: source.offset }, by, from, to }];
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
