/**
 * The embedded broker beside Apache Kafka, in one run, through the same client.
 *
 *     npm run bench:broker                                            the embedded broker alone
 *     KAFKA_BROKERS=127.0.0.1:9092 KAFKA_PID=123 npm run bench:broker     beside that Kafka, whose process is 123
 *     npm run bench:broker -- --seconds 2 --write                      writes the table into docs/broker.md
 *
 * One partition, values of 200 bytes, kafkajs, acks all. The embedded broker is the built command on a data folder
 * (durability os, as Kafka's), a process of its own. The contestants take turns; each figure is the median of the rounds.
 * On a machine with other work only the broker's CPU time for a record can be relied upon.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { Kafka, logLevel } from 'kafkajs';

interface Contestant {
  readonly name: string;
  readonly kafka: Kafka;
  readonly pid: number | undefined;
  readonly startMs: number | undefined;
}

interface Row {
  readonly batch: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly roundTripP50: number;
  readonly roundTripP99: number;
  /** Microseconds of the broker for a record; NaN where the system does not tell. */
  readonly cpuUs: number;
}

const options = new Command()
  .option('--seconds <n>', 'how long each measurement takes', '2')
  .option('--rounds <n>', 'how often everything is measured', '3')
  .option('--write', 'write the table into docs/broker.md')
  .parse()
  .opts<{ seconds: string; rounds: string; write?: boolean }>();
const FOR_MS = Number(options.seconds) * 1000;
const BATCHES = [1, 10, 100, 1000];
const VALUE = Buffer.alloc(200, 'v');
const CONSUMED = 200_000;
const DOCS = fileURLToPath(new URL('../../docs/broker.md', import.meta.url));

const clientOf = (broker: string): Kafka => new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });

async function embedded(data: string): Promise<Contestant & { readonly child: ChildProcess }> {
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const began = performance.now();
  const child = spawn(process.execPath, [main, 'broker', '--data', data, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const ready = JSON.parse(line) as { event: string; address: string };
    if (ready.event !== 'ready') continue;
    return { name: 'embedded', kafka: clientOf(ready.address), pid: child.pid, startMs: performance.now() - began, child };
  }
  throw new Error('the broker ended before it was ready');
}

async function makeTopic(kafka: Kafka): Promise<string> {
  const topic = `bench-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  return topic;
}

async function produce({ kafka, pid }: Contestant, batch: number): Promise<Omit<Row, 'roundTripP50' | 'roundTripP99'>> {
  const topic = await makeTopic(kafka);
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: batch }, () => ({ value: VALUE, partition: 0 }));
  for (let i = 0; i < 20; i++) await producer.send({ topic, messages });
  const times: number[] = [];
  const cpu = cpuMsOf(pid);
  const began = performance.now();
  for (let now = began; now - began < FOR_MS; ) {
    await producer.send({ topic, messages });
    times.push(performance.now() - now);
    now = performance.now();
  }
  const perSecond = (times.length * batch) / ((performance.now() - began) / 1000);
  const cpuUs = ((cpuMsOf(pid) - cpu) * 1000) / (times.length * batch);
  await producer.disconnect();
  return { batch, cpuUs, perSecond, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** From the send of a batch to its last record in the hands of a consumer. */
async function roundTrip({ kafka }: Contestant, batch: number): Promise<{ roundTripP50: number; roundTripP99: number }> {
  const topic = await makeTopic(kafka);
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500 })];
  await Promise.all([producer.connect(), consumer.connect()]);
  let seen = 0;
  let wake = (): void => {};
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch: { messages } }) => {
      seen += messages.length;
      wake();
    },
  });
  const messages = Array.from({ length: batch }, () => ({ value: VALUE, partition: 0 }));
  const times: number[] = [];
  const began = performance.now();
  for (let sent = 0; performance.now() - began < FOR_MS + 500; ) {
    const now = performance.now();
    sent += batch;
    const arrived = new Promise<void>((resolve) => {
      wake = () => seen >= sent && resolve();
    });
    await producer.send({ topic, messages });
    wake();
    await arrived;
    times.push(performance.now() - now);
  }
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  const warm = times.slice(Math.min(20, Math.floor(times.length / 5)));
  return { roundTripP50: quantile(warm, 0.5), roundTripP99: quantile(warm, 0.99) };
}

async function consume({ kafka }: Contestant): Promise<number> {
  const topic = await makeTopic(kafka);
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 1000 }, () => ({ value: VALUE, partition: 0 }));
  for (let i = 0; i < CONSUMED; i += messages.length) await producer.send({ topic, messages });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let began = 0;
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachBatch: async ({ batch }) => {
        began ||= performance.now();
        seen += batch.messages.length;
        if (seen >= CONSUMED) resolve();
      },
    });
  });
  const seconds = (performance.now() - began) / 1000;
  await consumer.disconnect();
  return CONSUMED / seconds;
}

function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Of all threads; the kernel counts in hundredths of a second. */
function cpuMsOf(pid: number | undefined): number {
  try {
    const [user = '', system = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13) ?? [];
    return (Number(user) + Number(system)) * 10;
  } catch {
    return Number.NaN;
  }
}

/** The figures of several rounds made one. */
function medianOf(rows: readonly Row[]): Row {
  const of = (pick: (row: Row) => number): number => quantile(rows.map(pick), 0.5);
  return {
    batch: rows[0]?.batch ?? 0,
    perSecond: of((row) => row.perSecond),
    p50: of((row) => row.p50),
    p99: of((row) => row.p99),
    roundTripP50: of((row) => row.roundTripP50),
    roundTripP99: of((row) => row.roundTripP99),
    cpuUs: of((row) => row.cpuUs),
  };
}

/** Resident megabytes, where the system tells. */
function memoryOf(pid: number | undefined): string {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? '' : `${Math.round(Number(kilobytes) / 1024)} MB`;
  } catch {
    return '';
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

const data = mkdtempSync(join(tmpdir(), 'streamer-bench-'));
const own = await embedded(data);
const given = process.env.KAFKA_BROKERS?.split(',')[0];
const pid = process.env.KAFKA_PID ? Number(process.env.KAFKA_PID) : undefined;
const kafka: Contestant | undefined = given ? { name: 'Apache Kafka', kafka: clientOf(given), pid, startMs: undefined } : undefined;
const contestants: readonly Contestant[] = kafka === undefined ? [own] : [own, kafka];
const idle = contestants.map((one) => memoryOf(one.pid));
const lines: string[] = [];
try {
  const header = ['records a batch', 'broker', 'produced/s', 'send p50, ms', 'p99', 'round trip p50, ms', 'p99', 'broker CPU, us a record'];
  lines.push(`| ${header.join(' | ')} |`, `|${'---|'.repeat(header.length)}`);
  for (const batch of BATCHES) {
    const rounds = new Map<Contestant, Row[]>(contestants.map((one) => [one, []]));
    for (let round = 0; round < Number(options.rounds); round++)
      for (const [one, rows] of rounds) rows.push({ ...(await produce(one, batch)), ...(await roundTrip(one, batch)) });
    for (const [one, rows] of rounds) {
      const row = medianOf(rows);
      const times = [row.p50, row.p99, row.roundTripP50, row.roundTripP99].map(ms);
      const figures = [whole(row.perSecond), ...times, Number.isNaN(row.cpuUs) ? '' : row.cpuUs.toFixed(row.cpuUs < 10 ? 1 : 0)];
      lines.push(`| ${batch} | ${one.name} | ${figures.join(' | ')} |`);
      console.log(lines.at(-1));
    }
  }
  lines.push('', '| broker | consumed/s | process start to ready | memory idle | memory after this |', '|---|---|---|---|---|');
  for (const [i, one] of contestants.entries()) {
    const start = one.startMs === undefined ? '' : `${whole(one.startMs)} ms`;
    lines.push(`| ${one.name} | ${whole(await consume(one))} | ${start} | ${idle[i]} | ${memoryOf(one.pid)} |`);
  }
} finally {
  const ended = new Promise((resolve) => own.child.once('close', resolve));
  own.child.kill('SIGTERM');
  await ended;
  rmSync(data, { recursive: true, force: true });
}
const table = lines.join('\n');
console.log(`\n${table}`);
if (options.write) {
  const [before = '', after = ''] = readFileSync(DOCS, 'utf8').split(/<!-- speed -->[\s\S]*<!-- end of speed -->/);
  writeFileSync(DOCS, `${before}<!-- speed -->\n${table}\n<!-- end of speed -->${after}`);
}
