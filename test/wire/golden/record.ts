import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fetch } from '../../../src/wire/apis/data.ts';
import { batchLength } from '../../../src/wire/record-batch.ts';
import { createTopic } from '../../helpers/broker.ts';
import { Wire } from '../../helpers/wire.ts';
import { COMPRESSED_BY, type GoldenBatch } from './batches.ts';
import { writers } from './writers.ts';

/**
 * `npm run compression:record`: writes `batches.json` again, the bytes of batches that other clients compressed, as a broker
 * keeps them. It needs an Apache Kafka (`KAFKA_BROKERS`), its jars (`KAFKA_JARS`) and kcat.
 */
process.env.TEST_BROKERS = process.env.KAFKA_BROKERS ?? '';

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
  for (const client of ['java', 'kcat'] as const) {
    const topic = await createTopic(`golden-${client}-${compression}`);
    await writers[client](topic, compression);
    found.push({ client, compression, batch: (await onlyBatch(topic)).toString('base64') });
  }
}
writeFileSync(fileURLToPath(new URL('batches.json', import.meta.url)), `${JSON.stringify(found, undefined, 2)}\n`);
