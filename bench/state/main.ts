/**
 * Tables, in one run on one broker: counting per key beside a handler that does nothing, the commit of a cut beside stock
 * kafkajs, and the restore of a changelog.
 *
 *     npm run bench:state                                  on an embedded broker
 *     KAFKA_BROKERS=127.0.0.1:9092 npm run bench:state     on the Kafka given
 *     npm run bench:state -- --only count --with 'Kafka Streams::MODE=count java ... KS'
 *
 * `--with` adds another program to `count`, `--with-restore` to `restore`. It is run by bash, reads BROKER, IN_TOPIC, GROUP and
 * N from its environment, counts N events of 4 partitions per key, and prints `RESULT {"rate": events a second}`.
 * Every contestant is a process of its own; they take turns. CPU times are those of all threads of the contestant.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { App, json, string } from 'streamerjs';
import { startBrokerThread } from 'streamerjs/broker';
import { decimal, markdownTable, median, takeTurns, whole } from '../figures.ts';

interface Contestant {
  readonly name: string;
  /** A file of ours, or a shell command. */
  readonly file?: string;
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
}

type Result = Readonly<Record<string, number>>;

const collect = (value: string, all: string[]) => [...all, value];
const options = new Command()
  .option('--events <n>', 'events of a run of `count`', '400000')
  .option('--rounds <n>', 'rounds', '3')
  .option('--only <section>', 'count, commit or restore')
  .option('--entries <n>', 'entries of `restore`', '1000000')
  .option('--with <name::command>', 'another program that counts', collect, [])
  .option('--with-restore <name::command>', 'another program that restores', collect, [])
  .parse()
  .opts<{ events: string; rounds: string; only?: string; entries: string; with: string[]; withRestore: string[] }>();

const foreign = (text: string): Contestant => {
  const [name = '', command = ''] = text.split('::');
  return { name, command };
};

async function main(): Promise<void> {
  const broker = process.env.KAFKA_BROKERS === undefined ? await startBrokerThread() : undefined;
  const brokers = broker?.address ?? String(process.env.KAFKA_BROKERS);
  console.log(
    `${brokers}${broker === undefined ? '' : ' (embedded)'}   Node ${process.version}   ${cpus().length} cores   ${options.rounds} rounds\n`,
  );
  const sections: Readonly<Record<string, (brokers: string) => Promise<void>>> = { count, commit, restore };
  try {
    for (const [name, run] of Object.entries(sections)) if (options.only === undefined || options.only === name) await run(brokers);
  } finally {
    await broker?.close();
  }
}

async function count(brokers: string): Promise<void> {
  const events = Number(options.events);
  for (const keys of [12, 100_000]) {
    const topic = await fill(brokers, `bench-count-${randomUUID()}`, events, keys);
    const noop: Contestant = { name: 'no-op agent by key', file: 'state.ts', env: { WORK: 'noop' } };
    const contestants: readonly Contestant[] = [
      noop,
      { name: 'streamer count, commits every 500 ms', file: 'state.ts', env: { WORK: 'count' } },
      { name: 'streamer count, one commit at the end', file: 'state.ts', env: { WORK: 'count', COMMIT_MS: '600000' } },
      ...options.with.map(foreign),
    ];
    const results = await takeTurns(contestants, Number(options.rounds), (one) => measure(one, { brokers, topic, events }));
    const base = results.get(noop) ?? [];
    const rows = [...results].map(([{ name }, runs]) => [
      name,
      whole(median(runs.map(({ rate = Number.NaN }) => rate))),
      decimal(median(runs.map(({ rate = Number.NaN }, round) => rate / (base[round]?.['rate'] ?? Number.NaN)))),
      decimal(Math.min(...runs.map(({ cpuUs = Number.NaN }) => cpuUs))),
      decimal(median(runs.map(({ cpuUs = Number.NaN }, round) => cpuUs - (base[round]?.['cpuUs'] ?? Number.NaN)))),
    ]);
    const header = ['contestant', 'events/s, median', 'of the no-op, median', 'CPU us an event, best', 'CPU us above the no-op, median'];
    console.log(`count, ${whole(keys)} keys, ${whole(events)} events\n${markdownTable(header, rows)}\n`);
  }
}

async function commit(brokers: string): Promise<void> {
  const header = ['partitions', 'streamer ms', 'kafkajs ms', 'ratio', 'streamer CPU ms', 'kafkajs CPU ms', 'ratio'];
  const rows: string[][] = [];
  for (const partitions of [1, 16, 256]) {
    const env = (work: string) => ({ WORK: work, PARTITIONS: String(partitions), COMMITS: '100' });
    const contestants = ['streamer', 'kafkajs'].map((name): Contestant => ({ name, file: 'commit.ts', env: env(name) }));
    const results = await takeTurns(contestants, Number(options.rounds), (one) => measure(one, { brokers, topic: '', events: 0 }));
    const [own = [], stock = []] = contestants.map((one) => results.get(one));
    const cells = ['ms', 'cpuMs'].flatMap((name) => {
      const of = (runs: readonly Result[]) => median(runs.map((run) => run[name] ?? Number.NaN));
      const ratio = median(own.map((run, round) => (run[name] ?? Number.NaN) / (stock[round]?.[name] ?? Number.NaN)));
      return [decimal(of(own)), decimal(of(stock)), decimal(ratio)];
    });
    rows.push([whole(partitions), ...cells]);
  }
  console.log(`commit of 1,000 changed keys, medians\n${markdownTable(header, rows)}\n`);
}

/** A changelog that the app itself has written: every key once. Each contestant that is not ours has to find its own. */
async function restore(brokers: string): Promise<void> {
  const entries = Number(options.entries);
  const topic = await fill(brokers, `bench-restore-${randomUUID()}`, entries, entries);
  const group = `bench-restored-${randomUUID()}`;
  await measure({ name: 'filling', file: 'state.ts', env: { WORK: 'count', GROUP: group } }, { brokers, topic, events: entries });
  const own: Contestant = { name: 'streamer', file: 'restore.ts', env: { GROUP: group } };
  const contestants = [own, ...options.withRestore.map(foreign)];
  const results = await takeTurns(contestants, Number(options.rounds), (one) => measure(one, { brokers, topic, events: entries }));
  const header = ['contestant', 'entries/s from the start, median', 'ratio of streamer to it, median', 'CPU us an entry, best'];
  const rows = [...results].map(([{ name }, runs]) => [
    name,
    whole(median(runs.map(({ rate = Number.NaN }) => rate))),
    decimal(median(runs.map(({ rate = Number.NaN }, round) => (results.get(own)?.[round]?.['rate'] ?? Number.NaN) / rate))),
    decimal(Math.min(...runs.map(({ cpuUs = Number.NaN }) => cpuUs))),
  ]);
  console.log(`restore of ${whole(entries)} entries, 4 partitions\n${markdownTable(header, rows)}\n`);
}

/** Customers of 14 fields, 210 bytes or so; 4 partitions. */
async function fill(brokers: string, name: string, events: number, keys: number): Promise<string> {
  const app = new App({ id: `bench-${randomUUID()}`, brokers });
  const topic = app.topic(name, { key: string(), value: json(), partitions: 4 });
  await (await (await app.client()).admin()).createTopics(app.topicSpecs());
  const person = { job: 'management', marital: 'married', education: 'tertiary', default: 'no', balance: 1787 };
  const rest = { housing: 'yes', loan: 'no', day: 19, duration: 79, campaign: 1, pdays: -1, previous: 0, poutcome: 'unknown' };
  for (let n = 0; n < events; n += 5_000) {
    const numbers = Array.from({ length: Math.min(5_000, events - n) }, (_, i) => n + i);
    await Promise.all(numbers.map((i) => topic.send({ key: `k${i % keys}`, value: { age: 20 + (i % 60), ...person, ...rest } })));
  }
  await app.stop();
  return topic.name;
}

async function measure(
  { name, file, command, env }: Contestant,
  input: { brokers: string; topic: string; events: number },
): Promise<Result> {
  const group = `bench-${randomUUID()}`;
  const all = {
    ...process.env,
    BROKERS: input.brokers,
    BROKER: input.brokers,
    TOPIC: input.topic,
    IN_TOPIC: input.topic,
    EVENTS: String(input.events),
    N: String(input.events),
    GROUP: group,
    STARTED: String(Date.now()),
    T_START: String(Date.now() / 1_000),
    ...env,
  };
  const own = () => fileURLToPath(new URL(`../contestants/${file?.replace(/ts$/, 'js')}`, import.meta.url));
  const [program, args] = command === undefined ? [process.execPath, [own()]] : ['bash', ['-c', command]];
  const child = spawn(program, args, { env: all, stdio: ['ignore', 'pipe', command === undefined ? 'inherit' : 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const found = /(?:^|\n)(?:RESULT )?(\{.*\})\s*$/.exec(output)?.[1];
  if (found === undefined) throw new Error(`${name} ended with ${String(code)} and no result: ${output}`);
  return JSON.parse(found) as Result;
}

await main();
