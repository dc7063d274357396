/**
 * The embedded broker beside Apache Kafka, in one run, through the same client.
 *
 *     npm run bench:broker                                            the embedded broker alone
 *     KAFKA_BROKERS=127.0.0.1:9092 KAFKA_PID=123 npm run bench:broker     beside that Kafka, whose process is 123
 *     npm run bench:broker -- --seconds 2 --write                      writes the tables into docs/broker.md
 *
 * One partition, values of 200 bytes, kafkajs, acks all. The embedded broker is the built command on a data folder
 * (durability os, as Kafka's), a process of its own. The contestants take turns after a round that does not count; each
 * figure is the median of the rounds, and so is the ratio of the two brokers of a round. On a machine with other work only
 * the broker's CPU time for a record can be relied upon.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { decimal, markdownTable, median, takeTurns, whole } from '../figures.ts';
import { type Contestant, contestant, memoryOf, startCommand } from './contestant.ts';
import { type Consumed, consume, fill, type Produced, produce, type RoundTrip, roundTrip } from './measures.ts';
import { startTable } from './start.ts';

interface Round {
  readonly produced: Produced;
  readonly roundTrip: RoundTrip;
  readonly consumed: Consumed;
}

const options = new Command()
  .option('--seconds <n>', 'how long each measurement takes', '2')
  .option('--rounds <n>', 'how often everything is measured', '3')
  .option('--write', 'write the tables into docs/broker.md')
  .parse()
  .opts<{ seconds: string; rounds: string; write?: boolean }>();
const FOR_MS = Number(options.seconds) * 1000;
/** Records a batch, and how many of them are consumed. */
const SIZES = new Map([
  [1, 20_000],
  [10, 100_000],
  [100, 200_000],
  [1000, 200_000],
]);
const HEADER = ['records a batch', 'broker', 'produced/s', 'send p50, ms', 'p99', 'round trip p50, ms', 'p99', 'consumed/s'];
const CPU_HEADER = ['broker CPU, us a record produced', 'consumed'];
const DOCS = fileURLToPath(new URL('../../../docs/broker.md', import.meta.url));

async function main(): Promise<void> {
  const starts = await startTable(Number(options.rounds) * 3);
  console.log(`${starts}\n`);
  const data = mkdtempSync(join(tmpdir(), 'streamer-bench-'));
  const own = await startCommand('--data', data);
  try {
    const tables = [await speed([contestant('embedded', own.address, own.pid), ...given()]), starts].join('\n\n');
    console.log(`\n${tables}`);
    if (options.write) writeDocs(tables);
  } finally {
    await own.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

function given(): Contestant[] {
  const address = process.env.KAFKA_BROKERS?.split(',')[0];
  return address ? [contestant('Apache Kafka', address, process.env.KAFKA_PID ? Number(process.env.KAFKA_PID) : undefined)] : [];
}

async function speed(contestants: readonly Contestant[]): Promise<string> {
  const idle = contestants.map(({ pid }) => memoryOf(pid));
  const rows: string[][] = [];
  for (const [batch, records] of SIZES) {
    const results = await measure(contestants, batch, records);
    for (const [{ name }, rounds] of results) rows.push([String(batch), name, ...figures(rounds)]);
    const [ours, theirs] = results.values();
    if (ours !== undefined && theirs !== undefined) rows.push([String(batch), 'ratio', ...ratios(ours, theirs)]);
    for (const row of rows.slice(-results.size - 1)) console.log(row.join('  '));
  }
  const memory = contestants.map(({ name, pid }, i) => [name, `${whole(idle[i]!)} MB`, `${whole(memoryOf(pid))} MB`]);
  return [markdownTable([...HEADER, ...CPU_HEADER], rows), markdownTable(['broker', 'memory idle', 'after this'], memory)].join('\n\n');
}

async function measure(
  contestants: readonly Contestant[],
  batch: number,
  records: number,
): Promise<ReadonlyMap<Contestant, readonly Round[]>> {
  const topics = new Map<Contestant, string>();
  for (const one of contestants) topics.set(one, await fill(one, batch, records));
  const round = async (one: Contestant): Promise<Round> => ({
    produced: await produce(one, batch, FOR_MS),
    roundTrip: await roundTrip(one, batch, FOR_MS),
    consumed: await consume(one, topics.get(one)!, records),
  });
  await takeTurns(contestants, 1, round);
  return takeTurns(contestants, Number(options.rounds), round);
}

const RATES: ReadonlyArray<(round: Round) => number> = [({ produced }) => produced.perSecond, ({ consumed }) => consumed.perSecond];
const TIMES: ReadonlyArray<(round: Round) => number> = [
  ({ produced }) => produced.p50,
  ({ produced }) => produced.p99,
  (round) => round.roundTrip.p50,
  (round) => round.roundTrip.p99,
];
const CPU: ReadonlyArray<(round: Round) => number> = [({ produced }) => produced.cpuUs, ({ consumed }) => consumed.cpuUs];

function figures(rounds: readonly Round[]): string[] {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const [produced = '', consumed = ''] = RATES.map((pick) => whole(of(pick)));
  return [produced, ...TIMES.map((pick) => decimal(of(pick))), consumed, ...CPU.map((pick) => decimal(of(pick)))];
}

/** Ours divided by theirs, of the same round. */
function ratios(ours: readonly Round[], theirs: readonly Round[]): string[] {
  const of = (pick: (round: Round) => number): string => decimal(median(ours.map((round, i) => pick(round) / pick(theirs[i]!))));
  const [produced = '', consumed = ''] = RATES.map(of);
  return [produced, ...TIMES.map(of), consumed, ...CPU.map(of)];
}

function writeDocs(tables: string): void {
  const [before = '', after = ''] = readFileSync(DOCS, 'utf8').split(/<!-- speed -->[\s\S]*<!-- end of speed -->/);
  writeFileSync(DOCS, `${before}<!-- speed -->\n${tables}\n<!-- end of speed -->${after}`);
}

await main();
