import { App, each, inference, json, optional, retry, string } from 'streamerjs';
import { http } from 'streamerjs/models';
import { now, sleep } from '../clock.ts';
import { INPUT, Item, OF_BOTH, SECOND_INPUT, Stamp, workMs } from './item.ts';
import { modelServer } from './model-server.ts';
import { plant } from './plants.ts';

/**
 * The app whose workers the harness disturbs. `FAULTS_ID` names app and topics, `FAULTS_WORKER` this process,
 * `FAULTS_MODEL_URL` the model (without it there is no `model` agent), `FAULTS_PLANT` a bug to be planted.
 */
const { FAULTS_ID = 'faults', FAULTS_WORKER: by = 'worker', FAULTS_MODEL_URL, FAULTS_PLANT } = process.env;
if (FAULTS_PLANT) await plant(FAULTS_PLANT);

export const app = new App({ id: FAULTS_ID });
const key = optional(string());
const items = app.topic(`${FAULTS_ID}.${INPUT}`, { key, value: json(Item), partitions: 3 });
const moreItems = app.topic(`${FAULTS_ID}.${SECOND_INPUT}`, { key, value: json(Item), partitions: 3 });
const output = (name: string) => app.topic(`${FAULTS_ID}.${name}`, { key, value: json(Stamp), partitions: 3 });
const onError = retry({ attempts: 3, delayMs: 20 });

interface Handled {
  readonly value: Item;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const tried = new Set<string>();

/** Fails as the item says. */
function meet(agent: string, { id, kind }: Item): void {
  if (kind === 'poison') throw new Error(`${id} is poison`);
  if (kind === 'plain' || tried.has(`${agent}/${id}`)) return;
  tried.add(`${agent}/${id}`);
  throw new Error(`${id} fails once`);
}

function stamp({ value, topic, partition, offset }: Handled, from: number): Stamp {
  return { id: value.id, topic, partition, offset, by, from, to: now() };
}

const published = output('out-each');
app.agent(
  'each',
  items,
  each(async (item, event) => {
    const from = now();
    await sleep(workMs('each', item.id));
    meet('each', item);
    return stamp(event, from);
  }),
  {
    // A sink function that takes its time: a key's next event has to wait for it.
    to: async ({ id }) => {
      await sleep(workMs('sink', id));
      return published;
    },
    concurrency: 64,
    onError,
  },
);

const sent = output('out-sent');
app.agent(
  'generator',
  items,
  async function* (stream) {
    for await (const event of stream) {
      const from = now();
      await sleep(workMs('generator', event.value.id));
      meet('generator', event.value);
      const sending = sent.send({ key: event.key, value: stamp(event, from) });
      if (event.value.seq % 2 === 0) await sending;
      yield stamp(event, from);
    }
  },
  { to: output('out-yield'), concurrency: 8, onError },
);

const inPartition = output('out-partition');
app.agent(
  'by-partition',
  items,
  each(async (item, event) => {
    const from = now();
    // One after the other: only the long ones take time, and few wait for their acknowledgement, or the load would not fit.
    const ms = workMs('by-partition', item.id);
    if (ms >= 100) await sleep(ms / 4);
    meet('by-partition', item);
    // To one partition for each of the input, or the order could not be seen from outside.
    const sending = inPartition.send({ key: event.key, value: stamp(event, from), partition: event.partition % 3 });
    if (item.seq % 8 === 0) await sending;
  }),
  { order: 'partition', onError },
);

app.agent(
  'no-order',
  items,
  each(async (item, event) => {
    const from = now();
    await sleep(workMs('no-order', item.id));
    meet('no-order', item);
    return stamp(event, from);
  }),
  { to: output('out-none'), order: 'none', concurrency: 16, onError },
);

app.agent(
  OF_BOTH,
  [items, moreItems],
  async function* (stream) {
    for await (const event of stream) {
      const from = now();
      await sleep(workMs('several', event.value.id));
      meet(`several/${event.topic}`, event.value);
      yield stamp(event, from);
    }
  },
  { to: output('out-several'), concurrency: 8, onError },
);

if (FAULTS_MODEL_URL) {
  app.agent(
    'model',
    items,
    inference({
      model: http.rows<{ id: string }, { id: string }>(FAULTS_MODEL_URL),
      features: (item) => {
        meet('model', item);
        return { id: item.id };
      },
      result: (item, answer, event) => {
        if (answer.id !== item.id) throw new Error(`asked about ${item.id}, the answer is about ${answer.id}`);
        return stamp(event, now());
      },
      timeoutMs: 2_000,
    }),
    { to: output('out-model'), onError },
  );
}

modelServer(app);
