import type { StandardSchemaV1 } from '@standard-schema/spec';
import { App, type Event, each, json, optional, retry, string, type TableView } from 'streamerjs';
import { now, sleep } from '../../clock.ts';
import { Random } from '../../random.ts';
import {
  type Answer,
  type CountItem,
  counted,
  type Entry,
  GROUPED,
  groupOf,
  INPUT,
  NOTHING,
  PROBE,
  PROBES,
  type ProbeAnswer,
  recentAfter,
  SECOND_INPUT,
} from './entry.ts';
import { plantState } from './plants.ts';

/**
 * The counting app whose workers the harness disturbs. `FAULTS_ID` names app and topics, `FAULTS_WORKER` this process,
 * `FAULTS_PLANT` a bug to be planted.
 */
const { FAULTS_ID = 'faults', FAULTS_WORKER: by = 'worker', FAULTS_PLANT } = process.env;
if (FAULTS_PLANT) await plantState(FAULTS_PLANT);

/** What the harness and this app write is not checked again. */
function trusted<T>(): StandardSchemaV1<T> {
  return { '~standard': { version: 1, vendor: 'faults', validate: (value) => ({ value: value as T }) } };
}

type CountEvent = Event<unknown, CountItem>;

export const app = new App({ id: FAULTS_ID });
const key = optional(string());
const items = app.topic(`${FAULTS_ID}.${INPUT}`, { key, value: json(trusted<CountItem>()), partitions: 3 });
const moreItems = app.topic(`${FAULTS_ID}.${SECOND_INPUT}`, { key, value: json(trusted<CountItem>()), partitions: 3 });
const probes = app.topic(`${FAULTS_ID}.${PROBES}`, { key, value: json(trusted<ProbeAnswer>()), partitions: 3 });
const output = (agent: string) => app.topic(`${FAULTS_ID}.out-${agent}`, { key, value: json(trusted<Answer>()), partitions: 3 });
const onError = retry({ attempts: 3, delayMs: 20 });

const table = (name: string) => app.table(name, { key: string(), value: json(trusted<Entry>()) });
const counts = table('counts');
const recent = app.table('recent', { key: string(), value: string() });
const batches = table('batches');
const others = table('others');
const groups = table('groups');
const sorted = app.table('sorted', { key: string(), value: json(trusted<Entry>()), ordered: true });

const tried = new Set<string>();

/** Fails as the item says. */
function meet(agent: string, { id, kind }: CountItem): void {
  if (kind === 'poison') throw new Error(`${id} is poison`);
  if (kind !== 'flaky' || tried.has(`${agent}/${id}`)) return;
  tried.add(`${agent}/${id}`);
  throw new Error(`${id} fails once`);
}

function workMs(agent: string, id: string): number {
  return Random.of(`${agent}/${id}`).int(0, 50);
}

function answerOf({ value, topic, partition, offset }: CountEvent, from: number, { n, h }: { n: number; h: number }): Answer {
  return { id: value.id, topic, partition, offset, by, from, to: now(), n, h };
}

/** Publishes what this process has of the event's partition of a table. */
async function show({ value, partition }: CountEvent, view: TableView<string, unknown>): Promise<void> {
  const answer = { probe: value.id, table: view.name, partition, by, entries: [...view.entries()] };
  await probes.send({ key: null, value: answer, partition });
}

const countOut = output('count');
app.agent(
  'count',
  items,
  each(async (item, event) => {
    if (item.kind === PROBE) {
      await show(event, counts);
      await show(event, recent);
      return;
    }
    const from = now();
    const { key } = event;
    if (key === null) {
      await sleep(workMs('count', item.id));
      meet('count', item);
      await countOut.send({ key, value: answerOf(event, from, NOTHING) });
      return;
    }
    // Read, wait, write: right only if no other event of the key comes in between.
    const before = counts.get(key);
    others.get(key);
    await sleep(workMs('count', item.id));
    const after = counted(before, INPUT, item.id);
    counts.set(key, after);
    const latest = recentAfter(item.seq, item.id);
    if (latest === undefined) recent.delete(key);
    else recent.set(key, latest);
    // What a failed attempt wrote must be gone.
    meet('count', item);
    await countOut.send({ key, value: answerOf(event, from, after[INPUT] ?? NOTHING) });
  }),
  // The table of the other topic makes both topics inputs of one task.
  { tables: [counts, recent], reads: [others], concurrency: 64, onError },
);

const batchOut = output('batch');
app.agent(
  'batch',
  items,
  async (stream) => {
    for await (const batch of stream.take(5, 20)) {
      await sleep(Math.max(...batch.map(({ value }) => workMs('batch', value.id))));
      const answers = batch.map((event) => {
        const { key, value } = event;
        const isCounted = key !== null && value.kind !== PROBE;
        const after = isCounted ? batches.update(key, (entry) => counted(entry, INPUT, value.id)) : undefined;
        // One that fails takes the batch with it, and what it has written; then the events come one by one.
        meet('batch', value);
        const at = now();
        const answer = { ...answerOf(event, at, after?.[INPUT] ?? NOTHING), to: at };
        return () => (value.kind === PROBE ? show(event, batches) : batchOut.send({ key, value: answer }));
      });
      await Promise.all(answers.map((send) => send()));
    }
  },
  { tables: [batches], concurrency: 8, onError },
);

const otherOut = output('other');
app.agent(
  'other',
  moreItems,
  each(async (item, event) => {
    if (item.kind === PROBE) return show(event, others);
    const from = now();
    const { key } = event;
    const isEarly = item.seq % 2 === 0;
    const count = () => (key === null ? undefined : others.update(key, (entry) => counted(entry, SECOND_INPUT, item.id)));
    const early = isEarly ? count() : undefined;
    await sleep(workMs('other', item.id));
    const after = isEarly ? early : count();
    meet('other', item);
    await otherOut.send({ key, value: answerOf(event, from, after?.[SECOND_INPUT] ?? NOTHING) });
  }),
  { tables: [others], concurrency: 64, onError },
);

const groupOut = output('group');
app.agent(
  'group',
  items.groupBy(({ id }) => groupOf(id), { key: string() }),
  each(async (item, event) => {
    if (item.kind === PROBE) return show(event, groups);
    const from = now();
    const { key } = event;
    await sleep(workMs('group', item.id) / 5);
    const after = groups.update(key, (entry) => counted(entry, GROUPED, item.id));
    await groupOut.send({ key, value: answerOf(event, from, after?.[GROUPED] ?? NOTHING) });
  }),
  { tables: [groups], concurrency: 64, onError },
);

const sortedOut = output('sorted');
app.agent(
  'sorted',
  items,
  each(async (item, event) => {
    if (item.kind === PROBE) return show(event, sorted);
    const from = now();
    const { key } = event;
    // One after the other: few take time, or the load would not fit.
    if (workMs('sorted', item.id) > 45) await sleep(10);
    const after = key === null ? undefined : sorted.update(key, (entry) => counted(entry, INPUT, item.id));
    meet('sorted', item);
    // To one partition for each of the input, or the order could not be seen from outside.
    const sending = sortedOut.send({ key, value: answerOf(event, from, after?.[INPUT] ?? NOTHING), partition: event.partition % 3 });
    if (item.seq % 8 === 0) await sending;
  }),
  { tables: [sorted], order: 'partition', onError },
);
