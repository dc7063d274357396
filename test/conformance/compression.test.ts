import { type App, forward } from 'streamerjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { loadCodecs } from '../../src/wire/compression/codecs.ts';
import { type CompressionName, compressionNumber } from '../../src/wire/compression/compression.ts';
import { batchAt, bodyOf, compressionOf, type RecordBatch } from '../../src/wire/record-batch.ts';
import { openRecords } from '../../src/wire/records.ts';
import { createTopicsOf, started, testAppOf, until } from '../helpers/app.ts';
import { createTopic, unique } from '../helpers/broker.ts';
import { errorCodes, Wire } from '../helpers/wire.ts';
import { COMPRESSED_BY, type GoldenBatch, type GoldenRecord, goldenBatches, goldenRecords } from '../wire/golden/batches.ts';
import { readRecordsPlainly } from '../wire/golden/plain-reader.ts';
import { writers } from '../wire/golden/writers.ts';
import { hasJava, hasKcat, java, javaSkip, kcat, kcatSkip } from './foreign-clients.ts';

beforeAll(loadCodecs);

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
});

async function write(topic: string, batch: Buffer): Promise<void> {
  const wire = await Wire.toLeader(topic);
  const topics = [{ name: topic, partitions: [{ index: 0, records: [batch] }] }];
  expect(errorCodes(await wire.send(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topics }))).toEqual([0]);
  wire.close();
}

/** Every batch of the topic's one partition, as the broker keeps it. */
async function batchesOf(topic: string): Promise<RecordBatch[]> {
  const wire = await Wire.toLeader(topic);
  const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 10_000_000 }];
  const request = { replicaId: -1, maxWaitMs: 100, minBytes: 0, maxBytes: 10_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const answer = await wire.send(fetch, 11, { ...request, topics: [{ name: topic, partitions }], forgotten: [], rackId: '' });
  wire.close();
  return batchesIn(Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []));
}

function batchesIn(bytes: Buffer): RecordBatch[] {
  const first = batchAt(bytes, 0);
  return first === undefined ? [] : [first, ...batchesIn(bytes.subarray(first.bytes.length))];
}

function recordsOf(batches: readonly RecordBatch[]): GoldenRecord[] {
  return batches.flatMap((batch) => readRecordsPlainly(openRecords(batch), batch.recordCount));
}

/** Has an app forward every record of the first topic to the second, which is written with the compression. */
async function forwarding(pairs: ReadonlyArray<{ readonly from: string; readonly to: string; readonly compression: CompressionName }>) {
  const app = testAppOf('compression');
  apps.push(app);
  for (const { from, to, compression } of pairs) {
    const output = app.topic(to, { compression });
    app.agent(unique('forward'), app.topic(from), forward(), { to: output, order: 'partition' });
  }
  await started(app);
}

/** A topic that holds the golden records, written by streamer with the compression. */
async function writtenByStreamer(compression: CompressionName): Promise<string> {
  const [golden] = goldenBatches().filter((each) => each.client === 'java' && each.compression === 'gzip');
  const [from, to] = [await createTopic('golden'), await createTopic(`streamer-${compression}`)];
  await write(from, Buffer.from(golden?.batch ?? '', 'base64'));
  await forwarding([{ from, to, compression }]);
  await until(
    async () => recordsOf(await batchesOf(to)).length,
    (count) => count === goldenRecords().length,
  );
  return to;
}

async function isRead(client: GoldenBatch['client'], compression: CompressionName): Promise<void> {
  const [from, to] = [await createTopic(`${client}-${compression}`), await createTopic(`${client}-${compression}-again`)];
  await writers[client](from, compression);
  expect(new Set((await batchesOf(from)).map(compressionOf))).toEqual(new Set([compressionNumber(compression)]));
  await forwarding([{ from, to, compression: 'none' }]);
  const expected = goldenRecords(client);
  await until(
    async () => recordsOf(await batchesOf(to)).length,
    (count) => count >= expected.length,
  );
  expect(recordsOf(await batchesOf(to))).toEqual(expected);
}

it('what the Java client and librdkafka compressed is read, and written again, record by record', async () => {
  const pairs = [];
  for (const { client, compression, batch } of goldenBatches()) {
    const [from, to] = [await createTopic(`${client}-${compression}`), await createTopic(`${client}-${compression}-again`)];
    await write(from, Buffer.from(batch, 'base64'));
    pairs.push({ client, from, to, compression });
  }
  await forwarding(pairs);
  for (const { client, to, compression } of pairs) {
    const expected = goldenRecords(client);
    const batches = await until(
      () => batchesOf(to),
      (found) => recordsOf(found).length >= expected.length,
    );
    expect(recordsOf(batches), `${client} ${compression}`).toEqual(expected);
    expect(new Set(batches.map(compressionOf))).toEqual(new Set([compressionNumber(compression)]));
  }
});

it('the setting of an app holds where its topic does not say otherwise', async () => {
  const app = testAppOf('compression', { compression: 'zstd' });
  apps.push(app);
  const [followed, plain] = [app.topic(unique('followed')), app.topic(unique('plain'), { compression: 'none' })];
  await createTopicsOf(app);
  for (const topic of [followed, plain]) await topic.send({ value: Buffer.from('x'.repeat(1000)) });
  expect((await batchesOf(followed.name)).map(compressionOf)).toEqual([compressionNumber('zstd')]);
  expect((await batchesOf(plain.name)).map(compressionOf)).toEqual([compressionNumber('none')]);
  expect((await batchesOf(followed.name)).map((batch) => bodyOf(batch).length < 100)).toEqual([true]);
});

describe.skipIf(!hasKcat)(`librdkafka${kcatSkip}`, () => {
  it.each(COMPRESSED_BY)('reads what streamer wrote with %s', async (compression) => {
    const topic = await writtenByStreamer(compression);
    const { stdout } = await kcat(['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-Z', '-f', '%k|%S|%h\n']);
    const expected = goldenRecords().map(({ key, value, headers }) =>
      [key ?? 'NULL', value === null ? -1 : Buffer.byteLength(value), headers.map(([name, text]) => `${name}=${text ?? 'NULL'}`)].join('|'),
    );
    expect(stdout.trimEnd().split('\n')).toEqual(expected);
  });

  it.each(COMPRESSED_BY)('writes with %s what streamer reads', (compression) => isRead('kcat', compression));
});

describe.skipIf(!hasJava)(`the Java client${javaSkip}`, () => {
  it.each(COMPRESSED_BY)('reads what streamer wrote with %s', async (compression) => {
    const topic = await writtenByStreamer(compression);
    const expected = goldenRecords();
    const properties = ['print.key=true', 'print.headers=true', 'null.literal=NULL'].flatMap((one) => ['--formatter-property', one]);
    const limits = ['--from-beginning', '--max-messages', String(expected.length)];
    const { stdout, stderr } = await java('consumer.ConsoleConsumer', ['--topic', topic, ...limits, ...properties]);
    const lines = expected.map(({ key, value, headers }) => {
      const head = headers.map(([name, text]) => `${name}:${text ?? 'NULL'}`).join(',') || 'NO_HEADERS';
      return [head, key ?? 'NULL', value ?? 'NULL'].join('\t');
    });
    expect(stdout.trimEnd().split('\n'), stderr).toEqual(lines);
  });

  it.each(COMPRESSED_BY)('writes with %s what streamer reads', (compression) => isRead('java', compression));
});
