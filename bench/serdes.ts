/**
 * Serdes beside the libraries they are made of, in CPU time of one process: what streamer adds to avsc, to zod, and what the
 * registry client costs by itself.
 *
 *     npx tsc -p tsconfig.bench.json && node dist/bench/serdes.js
 *     node dist/bench/serdes.js --records 20000 --rounds 15
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import avsc from 'avsc';
import { Command } from 'commander';
import { avro, json } from 'streamerjs';
import { z } from 'zod';
import { markdownTable, median, takeTurns } from './figures.ts';

const { records, rounds } = new Command()
  .option('--records <n>', 'records of a round', '20000')
  .option('--rounds <n>', 'rounds', '15')
  .parse()
  .opts<{ records: string; rounds: string }>();

const Customer = {
  type: 'record',
  name: 'Customer',
  fields: [
    { name: 'age', type: 'int' },
    { name: 'job', type: 'string' },
    { name: 'marital', type: { type: 'enum', name: 'Marital', symbols: ['married', 'single', 'divorced'] } },
    { name: 'balance', type: 'double' },
    { name: 'housing', type: 'boolean' },
    { name: 'day', type: 'int' },
    { name: 'id', type: 'long' },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'previous', type: { type: 'map', values: 'int' } },
  ],
} as const;

const customers = Array.from({ length: 1_000 }, (_, n) => ({
  age: 20 + (n % 60),
  job: 'management',
  marital: 'married' as const,
  balance: 1787.5 + n,
  housing: n % 2 === 0,
  day: n % 31,
  id: 1_700_000_000_000 + n,
  note: n % 3 === 0 ? null : 'called twice',
  tags: ['a', 'bank'],
  previous: { calls: n % 7 },
}));

const Checked = z.object({
  age: z.number().int(),
  job: z.string(),
  marital: z.enum(['married', 'single', 'divorced']),
  balance: z.number(),
  housing: z.boolean(),
  day: z.number().int(),
  id: z.number().int(),
  note: z.string().nullable(),
  tags: z.array(z.string()),
  previous: z.record(z.string(), z.number().int()),
});

/** Enough of a registry for one schema. */
async function registry(): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const isSchema = request.url?.startsWith('/schemas');
    const isConfig = request.url?.startsWith('/config');
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(isSchema ? { schema: JSON.stringify(Customer) } : isConfig ? { compatibilityLevel: 'BACKWARD' } : { id: 1 }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

interface Contestant {
  readonly name: string;
  readonly run: (value: (typeof customers)[number]) => unknown;
}

/** The first one is what the others are measured by. */
async function compare(title: string, contestants: readonly Contestant[]): Promise<void> {
  // The first rounds are the compiler's.
  await takeTurns(contestants, 3, cpuUs);
  const results = [...(await takeTurns(contestants, Number(rounds), cpuUs))];
  const rows = results.map(([{ name }, times]) => {
    const ratios = times.map((time, round) => time / results[0]![1][round]!);
    return [name, median(times).toFixed(2), median(ratios).toFixed(2)];
  });
  console.log(`${title}\n${markdownTable(['', 'µs a record, median', 'ratio, median'], rows)}\n`);
}

/** Microseconds of CPU time for a record. */
async function cpuUs({ run }: Contestant): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < Number(records); n++) {
    const done = run(customers[n % customers.length]!);
    if (done instanceof Promise) await done;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / Number(records);
}

const context = { topic: 'customers', part: 'value' } as const;
const server = await registry();
const type = avsc.Type.forSchema(Customer as unknown as avsc.Type);
const bare = avro(Customer);
const confluent = avro.confluent({ schema: Customer, registry: { url: server.url } });
const client = new SchemaRegistry({ host: server.url });
const { id } = await client.register({ type: SchemaType.AVRO, schema: JSON.stringify(Customer) }, { subject: 'customers-value' });
const framed = await confluent.encode(customers[0]!, context);
await confluent.decode(framed, context);
await new Promise((resolve) => setTimeout(resolve, 10));
const plain = type.toBuffer(customers[0]!);
const checked = json(Checked);
const text = Buffer.from(JSON.stringify(customers[0]));
// Decoding is of one record: values differ little, and what is made of them is thrown away.
await compare('avro, encode', [
  { name: 'avsc', run: (value) => type.toBuffer(value) },
  { name: 'avro', run: (value) => bare.encode(value, context) },
  { name: 'avro.confluent', run: (value) => confluent.encode(value, context) },
  { name: '@kafkajs/confluent-schema-registry', run: (value) => client.encode(id, value) },
]);
await compare('avro, decode', [
  { name: 'avsc', run: () => type.fromBuffer(plain) },
  { name: 'avro', run: () => bare.decode(plain, context) },
  { name: 'avro.confluent', run: () => confluent.decode(framed, context) },
  { name: '@kafkajs/confluent-schema-registry', run: () => client.decode(framed) },
]);
await compare('json, encode', [
  { name: 'zod, JSON.stringify', run: (value) => Checked.parse(value) && Buffer.from(JSON.stringify(value)) },
  { name: 'json', run: (value) => checked.encode(value, context) },
]);
await compare('json, decode', [
  { name: 'JSON.parse, zod', run: () => Checked.parse(JSON.parse(text.toString('utf8'))) },
  { name: 'json', run: () => checked.decode(text, context) },
]);
server.close();
