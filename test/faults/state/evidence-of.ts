import type { Evidence, InputEvent, Letter, Observation, Output, OutputTopic } from '../proof/evidence.ts';
import type { Answer, CountItem } from './app/entry.ts';
import { COUNTERS, GROUPED, PROBE } from './app/entry.ts';
import { contentsOf, openIn } from './changelog.ts';
import type { LoggedRecord } from './log/batches.ts';
import { committedOf } from './log/committed.ts';
import type { Log } from './log/read-log.ts';
import type { CountedEvent, Memory, SeenTally, StateEvidence, StateLetter } from './proof/evidence.ts';
import { RECENT } from './proof/expected.ts';
import type { RoundTopics } from './topics.ts';

const LETTER = 'streamer.dlq.';

/** All that lies in the topics of a round. */
export class Records {
  readonly #logs: readonly Log[];

  constructor(logs: readonly Log[]) {
    this.#logs = logs;
  }

  logs(topic: string): Log[] {
    return this.#logs.filter((log) => log.topic === topic);
  }

  /** As a reader of committed records sees them. */
  of<T>(topic: string, map: (record: LoggedRecord, partition: number) => T): T[] {
    return this.logs(topic).flatMap(({ partition, records }) => committedOf(records).map((record) => map(record, partition)));
  }
}

function itemOf({ value }: LoggedRecord): CountItem | undefined {
  try {
    return JSON.parse(String(value)) as CountItem;
  } catch {
    return undefined;
  }
}

function inputEvents(records: Records, input: string): InputEvent[] {
  const events = records.of(input, (record, partition) => ({ record, partition, item: itemOf(record) }));
  return events
    .filter(({ item }) => item?.kind !== PROBE)
    .map(({ record: { offset, key }, partition, item }) => ({
      partition,
      offset,
      key: key === null ? null : key.toString('utf8'),
      id: item?.id,
      kind: item === undefined || item.kind === PROBE ? 'undecodable' : item.kind,
    }));
}

function answersOf(records: Records, topic: string): Array<Answer & { readonly at: Output['at']; readonly key: string | null }> {
  return records.of(topic, (record, partition) => ({
    ...(JSON.parse(String(record.value)) as Answer),
    at: { partition, offset: record.offset },
    key: record.key === null ? null : record.key.toString('utf8'),
  }));
}

function answer(topic: string, one: ReturnType<typeof answersOf>[number], partition: number, offset: number): Output {
  const { at, key, id, by, from, to } = one;
  return { topic, at, key, id, source: { partition, offset }, by, from, to };
}

function outputsOf(records: Records, topic: string, input: string): Output[] {
  return answersOf(records, topic)
    .filter((one) => one.topic === input)
    .map((one) => answer(topic, one, one.partition, one.offset));
}

function letterOf({ offset, headers }: LoggedRecord, partition: number): Letter & { readonly state: string | undefined } {
  const source = { partition: Number(headers[`${LETTER}partition`]), offset: Number(headers[`${LETTER}offset`]) };
  return { at: { partition, offset }, source, agent: headers[`${LETTER}agent`], state: headers[`${LETTER}state`] };
}

export interface Circumstances {
  readonly observations: (input: string) => readonly Observation[];
  readonly isUndisturbed: boolean;
  readonly zombies: ReadonlySet<string>;
  readonly revocations: ReadonlyMap<string, number>;
}

/** What the judge of deliveries is shown about one input. */
export function deliveryEvidence(records: Records, topics: RoundTopics, input: string, found: Circumstances): Evidence {
  const outputTopics: OutputTopic[] = COUNTERS.filter(({ inputs }) => inputs.some((each) => each === topics.sourceOf(input))).map(
    ({ agent, order }) => ({ topic: topics.output(agent), agent, order }),
  );
  const letterTopic = topics.letters(input);
  return {
    input: inputEvents(records, input),
    outputs: outputTopics.flatMap(({ topic }) => outputsOf(records, topic, input)),
    letters: records.of(letterTopic, letterOf),
    observations: found.observations(input),
    outputTopics,
    letterTopic,
    inputEnds: new Map(records.logs(input).map((log) => [log.partition, (log.records.at(-1)?.offset ?? -1) + 1])),
    isUndisturbed: found.isUndisturbed,
    zombies: found.zombies,
    revocations: found.revocations,
  };
}

/** What the judge of states is shown. */
export function stateEvidence(records: Records, topics: RoundTopics, memories: readonly Memory[], isComplete: boolean): StateEvidence {
  const tables = COUNTERS.flatMap((counter) => [...counter.tables]);
  const changelogs = tables.flatMap((table) => records.logs(topics.changelog(table)).map((log) => ({ table, log })));
  return {
    isComplete,
    events: [...topics.inputs, topics.repartition].flatMap((input) => countedEvents(records, input, topics.sourceOf(input))),
    answers: COUNTERS.flatMap(({ agent }) => seenTallies(records, topics, agent)),
    changelogs: changelogs.map(({ table, log }) => contentsOf(log, table, table === RECENT)),
    memories,
    letters: topics.inputs.flatMap((input) => stateLetters(records, topics.letters(input), topics.sourceOf(input))),
    open: new Map(changelogs.map(({ log }) => [`${log.topic}[${log.partition}]`, openIn(log)])),
  };
}

/** Poison fails in the agents of the inputs alone. */
function countedEvents(records: Records, input: string, source: string): CountedEvent[] {
  const isCounted = (item: CountItem) => item.kind !== PROBE && (item.kind !== 'poison' || source === GROUPED);
  const all = records.of(input, (record, partition) => ({ record, partition, item: itemOf(record) }));
  return all.flatMap(({ record: { offset, key }, partition, item }) => {
    if (key === null || item === undefined || !isCounted(item)) return [];
    return [{ source, partition, offset, key: key.toString('utf8'), id: item.id, seq: item.seq }];
  });
}

/** Events without a key are not counted. */
function seenTallies(records: Records, topics: RoundTopics, agent: string): SeenTally[] {
  return answersOf(records, topics.output(agent))
    .filter(({ key }) => key !== null)
    .map(({ topic: input, partition, offset, by, n, h }) => ({ agent, source: topics.sourceOf(input), partition, offset, by, n, h }));
}

function stateLetters(records: Records, topic: string, source: string): StateLetter[] {
  return records.of(topic, letterOf).map(({ source: place, agent, state }) => ({ source, ...place, agent, state }));
}
