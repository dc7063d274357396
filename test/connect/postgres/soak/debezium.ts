/**
 * Debezium's connector and our source, each in a process of its own, one after the other, over the same load: `npm run bench:cdc -- 2`
 * for two rounds. Each run has a table, a slot and a topic (JSON without schemas) of its own. Takes the addresses from KAFKA_BROKERS,
 * CONNECT_URL and POSTGRES_URL, which must share this machine's clock.
 */
import pg from 'pg';
import { databaseOf, postgresConnector } from '../../../../examples/car-price/connect/connectors.ts';
import { KafkaConnect } from '../../../../examples/car-price/connect/kafka-connect.ts';
import { sql } from '../../../helpers/replicating-postgres.ts';
import { type CaptureFigures, CaptureLoad } from './capture-load.ts';
import { SourceChild } from './source-child.ts';
import { TopicTimes } from './topic-times.ts';

interface Contender {
  readonly who: string;
  /** Resolves to what stops it. */
  start(table: string): Promise<() => Promise<void>>;
}

const { KAFKA_BROKERS, CONNECT_URL, POSTGRES_URL } = process.env;
if (!KAFKA_BROKERS || !CONNECT_URL || !POSTGRES_URL) throw new Error('KAFKA_BROKERS, CONNECT_URL and POSTGRES_URL must be set');
const url = POSTGRES_URL;
const brokers = KAFKA_BROKERS.split(',');
const connect = new KafkaConnect(CONNECT_URL);
const rounds = Number(process.argv[2] ?? 3);
if (!(rounds >= 1)) throw new Error(`rounds must be at least 1, got ${process.argv[2]}`);

const CONTENDERS: readonly Contender[] = [
  { who: 'Debezium, as it comes (poll 500 ms)', start: (table) => debezium(table, {}) },
  { who: 'postgresChanges, as it comes (poll 100 ms)', start: (table) => own(table, 100) },
  { who: 'Debezium, poll 10 ms', start: (table) => debezium(table, { 'poll.interval.ms': '10' }) },
  { who: 'postgresChanges, poll 10 ms', start: (table) => own(table, 10) },
];
const figures = new Map<Contender, CaptureFigures[]>(CONTENDERS.map((contender) => [contender, []]));
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? CONTENDERS : [...CONTENDERS].reverse();
  for (const contender of order) {
    const seen = await measured(contender, `capture_${process.pid}_${round}_${CONTENDERS.indexOf(contender)}`);
    figures.get(contender)?.push(seen);
    process.stderr.write(`round ${round + 1}, ${contender.who}: ${Object.values(summaryOf([seen])).join(' ')}\n`);
  }
}
const rows = CONTENDERS.map((contender) => ({ who: contender.who, ...summaryOf(figures.get(contender) ?? []) }));
console.table(rows);
for (const at of [0, 2]) console.log(`${rows[at + 1]?.who} : ${rows[at]?.who} = ${JSON.stringify(ratios(rows[at], rows[at + 1]))}`);

async function measured(contender: Contender, table: string): Promise<CaptureFigures> {
  await sql(url, `create table ${table} (id int primary key, text text, ratio double precision, at timestamptz)`);
  await sql(url, `insert into ${table} values (0, 'there', 0, now())`);
  const client = new pg.Client({ connectionString: url });
  const times = await TopicTimes.open(brokers, `${table}.public.${table}`);
  let stop: () => Promise<void> = async () => {};
  try {
    await client.connect();
    stop = await contender.start(table);
    return await new CaptureLoad(client, table, times).run();
  } finally {
    await stop();
    await times.close();
    await client.end();
    await dropped(table);
  }
}

async function debezium(table: string, more: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  await connect.put(table, {
    ...postgresConnector(databaseOf(url)),
    'topic.prefix': table,
    'table.include.list': `public.${table}`,
    'slot.name': table,
    'publication.name': table,
    'publication.autocreate.mode': 'filtered',
    'key.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter': json,
    'value.converter.schemas.enable': 'false',
    ...more,
  });
  return () => connect.remove(table);
}

async function own(table: string, pollMs: number): Promise<() => Promise<void>> {
  const child = new SourceChild({ url, brokers, id: table, prefix: table, slot: table, tables: [table], pollMs });
  return () => child.end('SIGTERM');
}

/** A slot can be dropped once the server has seen its reader go. */
async function dropped(table: string): Promise<void> {
  const drop = `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${table}'`;
  for (let tries = 1; ; tries++) {
    try {
      await sql(url, drop);
      break;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await sql(url, `drop publication if exists ${table}; drop table ${table}`);
}

interface Summary {
  readonly 'bulk rows/s': number;
  readonly '200 x 100 rows/s': number;
  readonly 'p50 ms': number;
  readonly 'p99 ms': number;
}

/** The median of the rounds; latencies of all rounds together. */
function summaryOf(seen: readonly CaptureFigures[]): Summary {
  const latencies = seen.flatMap((each) => each.latencies).sort((a, b) => a - b);
  return {
    'bulk rows/s': median(seen.map(({ bulk }) => bulk)),
    '200 x 100 rows/s': median(seen.map(({ many }) => many)),
    'p50 ms': quantile(latencies, 0.5),
    'p99 ms': quantile(latencies, 0.99),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return Math.round(middle.reduce((sum, value) => sum + value, 0) / middle.length);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function ratios(base: Summary | undefined, other: Summary | undefined): Record<string, number> {
  const names = ['bulk rows/s', '200 x 100 rows/s', 'p50 ms', 'p99 ms'] as const;
  return Object.fromEntries(names.map((name) => [name, Math.round(((other?.[name] ?? 0) / (base?.[name] ?? 1)) * 100) / 100]));
}
