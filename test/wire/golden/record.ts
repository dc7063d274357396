import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fetch } from '../../../src/wire/apis/data.ts';
import { batchLength } from '../../../src/wire/record-batch.ts';
import { runForeign } from '../../conformance/foreign-program.ts';
import { createTopic } from '../../helpers/broker.ts';
import { Wire } from '../../helpers/wire.ts';
import { COMPRESSED_BY, type GoldenBatch, goldenRecords } from './batches.ts';

/**
 * `npm run compression:record`: writes `batches.json` again, the bytes of batches that other clients compressed. It needs a
 * broker (`KAFKA_BROKERS`), the jars of Apache Kafka (`KAFKA_JARS`) and kcat. It writes each batch as the broker kept it.
 */
const brokers = process.env.KAFKA_BROKERS ?? '';
process.env.TEST_BROKERS = brokers;

const NULL = '\\0';

async function java(topic: string, compression: string): Promise<void> {
  const lines = goldenRecords().map(({ key, value, headers }) => {
    const head = headers.map(([name, text]) => `${name}:${text ?? NULL}`).join(',') || NULL;
    return [head, key ?? NULL, value ?? NULL].join('\t');
  });
  const properties = ['parse.headers=true', 'parse.key=true', `null.marker=${NULL}`].flatMap((property) => ['--reader-property', property]);
  const settings = ['linger.ms=3000', 'batch.size=1000000', 'max.request.size=2000000'].flatMap((one) => ['--command-property', one]);
  const args = ['-cp', `${process.env.KAFKA_JARS}/*`, 'org.apache.kafka.tools.ConsoleProducer', '--bootstrap-server', brokers];
  await ran('java', [...args, '--topic', topic, '--compression-codec', compression, ...properties, ...settings], `${lines.join('\n')}\n`);
}

/** kcat gives all records of a run the same headers, and writes an empty field as null. */
async function kcat(topic: string, compression: string): Promise<void> {
  const lines = goldenRecords('kcat').map(({ key, value }) => `${key ?? ''}\t${value ?? ''}`);
  const args = ['-P', '-b', brokers, '-t', topic, '-K', '\t', '-Z', '-z', compression, '-X', 'linger.ms=500'];
  await ran('kcat', [...args, ...['-H', 'from=kcat', '-H', 'empty']], `${lines.join('\n')}\n`);
}

async function ran(program: string, args: readonly string[], input: string): Promise<void> {
  const { code, stderr } = await runForeign(program, args, input);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
}

async function onlyBatch(topic: string): Promise<Buffer> {
  const wire = await Wire.toLeader(topic);
  const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 10_000_000 }];
  const request = { replicaId: -1, maxWaitMs: 500, minBytes: 1, maxBytes: 10_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const answer = await wire.send(fetch, 11, { ...request, topics: [{ name: topic, partitions }], forgotten: [], rackId: '' });
  wire.close();
  const bytes = Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []);
  if (batchLength(bytes) !== bytes.length) throw new Error(`${topic} has more than one batch`);
  return bytes;
}

const found: GoldenBatch[] = [];
for (const compression of COMPRESSED_BY) {
  for (const [client, write] of [['java', java] as const, ['kcat', kcat] as const]) {
    const topic = await createTopic(`golden-${client}-${compression}`);
    await write(topic, compression);
    found.push({ client, compression, batch: (await onlyBatch(topic)).toString('base64') });
  }
}
writeFileSync(fileURLToPath(new URL('batches.json', import.meta.url)), `${JSON.stringify(found, undefined, 2)}\n`);
