/**
 * Streamer beside what a Node developer would write by hand, in one run, on one broker.
 *
 *     npm run bench                                 on an embedded broker
 *     KAFKA_BROKERS=127.0.0.1:9092 npm run bench    on the Kafka given
 *     npm run bench -- --events 1000000 --rounds 5 --only noop
 *     npm run bench -- --beside ../streamer-before  beside the streamer of another commit
 *
 * Every contestant is a process of its own; rounds alternate between them. Rates are from the first event seen to the last
 * one finished (outputs acknowledged), CPU times (all threads of the contestant, not the broker) too. Ratios within a round
 * count; absolute figures are those of a busy machine. When others work on it beside, only CPU times can be relied upon.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { App, json, string } from 'streamerjs';
import { startBrokerThread } from 'streamerjs/broker';
import { markdownTable, median, takeTurns, whole } from './figures.ts';

interface Contestant {
  readonly name: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Another checkout that it is taken from. */
  readonly root?: string;
}

interface Section {
  readonly name: string;
  readonly about: string;
  readonly events: number;
  readonly keys: number;
  readonly contestants: readonly Contestant[];
  /** The one that the others are compared with; absent = with `ideal` events a second. */
  readonly base?: string;
  readonly ideal?: number;
}

interface Result {
  readonly rate: number;
  readonly firstMs: number;
  readonly memoryMb: number;
  /** Microseconds for an event; of an idle worker, the share of a core. */
  readonly cpuUs: number;
}

const options = new Command()
  .option('--events <n>', 'events of a run', '400000')
  .option('--rounds <n>', 'rounds', '3')
  .option('--only <section>', 'noop, json, latency or idle')
  .option('--beside <folder>', 'a checkout of another commit in which `npm run bench` was built: its streamer runs in turns with this one')
  .parse()
  .opts<{ events: string; rounds: string; only?: string; beside?: string }>();
const events = Number(options.events);

const streamer = (name: string, env: Record<string, string>): Contestant => ({ name, file: 'streamer.ts', env });
const kafkajs = (name: string, env: Record<string, string>): Contestant => ({ name, file: 'kafkajs.ts', env });

const sections: readonly Section[] = [
  {
    name: 'noop',
    about: 'a handler that does nothing, raw bytes',
    events,
    keys: 100_000,
    base: 'kafkajs eachBatch',
    contestants: [
      kafkajs('kafkajs eachBatch', { WORK: 'noop' }),
      streamer('streamer, by partition', { WORK: 'noop', ORDER: 'partition' }),
      streamer('streamer, by key', { WORK: 'noop', ORDER: 'key' }),
    ],
  },
  {
    name: 'json',
    about: 'JSON in, a field added, JSON out, acks all, offsets committed',
    events: Math.ceil(events / 2),
    keys: 100_000,
    base: 'kafkajs batched loop',
    contestants: [
      kafkajs('kafkajs batched loop', { WORK: 'json' }),
      streamer('streamer each', { WORK: 'json', ORDER: 'key' }),
      streamer('streamer each, by partition', { WORK: 'json', ORDER: 'partition' }),
      streamer('streamer generator', { WORK: 'json-generator', ORDER: 'key' }),
    ],
  },
  {
    name: 'latency',
    about: '10 ms asynchronous handler, 256 in flight, 10,000 keys, order by key; 1.00 = 256 / 10 ms',
    events: Math.min(events, 60_000),
    keys: 10_000,
    ideal: 25_600,
    contestants: [
      { name: "Node's timers alone, no Kafka", file: 'timers.ts', env: {} },
      streamer('streamer each', { WORK: 'latency', ORDER: 'key' }),
    ],
  },
];

async function main(): Promise<void> {
  const broker = process.env.KAFKA_BROKERS === undefined ? await startBrokerThread() : undefined;
  const brokers = broker?.address ?? String(process.env.KAFKA_BROKERS);
  console.log(
    `${brokers}${broker === undefined ? '' : ' (embedded)'}   Node ${process.version}   ${cpus().length} cores   ${events} events, ${options.rounds} rounds\n`,
  );
  try {
    if (options.only === undefined || options.only === 'idle') await idle(brokers);
    for (const section of sections) if (options.only === undefined || options.only === section.name) await run(section, brokers);
  } finally {
    await broker?.close();
  }
}

async function run(section: Section, brokers: string): Promise<void> {
  const topic = await fill(section, brokers);
  const results = await takeTurns(section.contestants.flatMap(withOther), Number(options.rounds), (contestant) =>
    measure(contestant, { brokers, topic, events: section.events }),
  );
  report(section, results);
}

/** A contestant of ours, and the same of the other checkout. */
function withOther(contestant: Contestant): Contestant[] {
  const { beside } = options;
  if (beside === undefined || contestant.file !== 'streamer.ts') return [contestant];
  return [contestant, { ...contestant, name: `${contestant.name}, of the other commit`, root: beside }];
}

/** A worker with nothing to do, on a topic of 4 partitions. */
async function idle(brokers: string): Promise<void> {
  const contestant = streamer('idle', { WORK: 'idle', ORDER: 'key' });
  const { firstMs, memoryMb, cpuUs } = await measure(contestant, { brokers, topic: `bench-idle-${randomUUID()}`, events: 0 });
  console.log(`idle: ready ${whole(firstMs)} ms after the process was started, ${whole(memoryMb)} MB, ${cpuUs.toFixed(2)} % of a core\n`);
}

/** Customers of 14 fields, 210 bytes or so; 4 partitions. */
async function fill({ name, events: count, keys }: Section, brokers: string): Promise<string> {
  const app = new App({ id: `bench-${randomUUID()}`, brokers });
  const topic = app.topic(`bench-${name}-${randomUUID()}`, { key: string(), value: json(), partitions: 4 });
  await (await (await app.client()).admin()).createTopics(app.topicSpecs());
  const customer = {
    job: 'management',
    marital: 'married',
    education: 'tertiary',
    default: 'no',
    balance: 1787,
    housing: 'yes',
    loan: 'no',
  };
  const rest = { day: 19, duration: 79, campaign: 1, pdays: -1, previous: 0, poutcome: 'unknown' };
  for (let n = 0; n < count; n += 5_000) {
    const chunk = Math.min(5_000, count - n);
    await Promise.all(
      Array.from({ length: chunk }, (_, i) =>
        topic.send({ key: `k${(n + i) % keys}`, value: { age: 20 + ((n + i) % 60), ...customer, ...rest } }),
      ),
    );
  }
  await app.stop();
  return topic.name;
}

async function measure(contestant: Contestant, input: { brokers: string; topic: string; events: number }): Promise<Result> {
  const name = `contestants/${contestant.file.replace(/ts$/, 'js')}`;
  const { root } = contestant;
  const file = root === undefined ? fileURLToPath(new URL(`./${name}`, import.meta.url)) : join(resolve(root), 'dist/bench', name);
  const env = {
    ...process.env,
    ...contestant.env,
    BROKERS: input.brokers,
    TOPIC: input.topic,
    EVENTS: String(input.events),
    STARTED: String(Date.now()),
  };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${contestant.name} ended with ${String(code)}: ${output}`);
  return JSON.parse(output.trim().split('\n').at(-1)!) as Result;
}

const HEADER = ['contestant', 'events/s, median', 'best', 'ratio, median', 'CPU us an event, best', 'first event, ms', 'memory, MB'];

function report(section: Section, results: ReadonlyMap<Contestant, readonly Result[]>): void {
  const base = [...results].find(([{ name }]) => name === section.base)?.[1];
  const rows = [...results].map(([{ name }, runs]) => {
    const ratios = runs.map(({ rate }, round) => rate / (base?.[round]?.rate ?? section.ideal!));
    return [
      name,
      whole(median(runs.map(({ rate }) => rate))),
      whole(Math.max(...runs.map(({ rate }) => rate))),
      median(ratios).toFixed(2),
      Math.min(...runs.map(({ cpuUs }) => cpuUs)).toFixed(2),
      whole(median(runs.map(({ firstMs }) => firstMs))),
      whole(Math.max(...runs.map(({ memoryMb }) => memoryMb))),
    ];
  });
  console.log(`${section.name}: ${section.about}\n${markdownTable(HEADER, rows)}\n`);
}

await main();
