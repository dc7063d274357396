import { randomUUID } from 'node:crypto';
import { INPUT, Item, OF_BOTH, OUTPUTS, SECOND_INPUT, Stamp } from './app/item.ts';
import type { Stage } from './faults.ts';
import { cleanUp, missing, PARTITIONS, perform, stall } from './performance.ts';
import type { Evidence, InputEvent, Letter, Output, OutputTopic, Violation } from './proof/evidence.ts';
import { judge, sumOf, type Verdict } from './proof/verdict.ts';
import { ORDERLY, type Plan } from './schedule.ts';
import type { Broker } from './system/broker.ts';
import { brokerPorts, createTopics, persist } from './system/client.ts';
import { Fleet } from './system/fleet.ts';
import { ModelServer } from './system/model.ts';
import { Observer } from './system/observer.ts';
import { type LogRecord, readTopics } from './system/reader.ts';

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
  const cause = `${headers[`${LETTER}code`]}, attempt ${headers[`${LETTER}attempts`]}: ${headers[`${LETTER}message`]}`;
  return { at: { partition, offset }, source, agent: headers[`${LETTER}agent`], cause };
}
