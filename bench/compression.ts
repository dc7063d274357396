import { createRequire } from 'node:module';
import { encodeBatch } from '../src/wire/batch-encoder.ts';
import { loadCodecs } from '../src/wire/compression/codecs.ts';
import { COMPRESSIONS, type CompressionName, compressionNumber } from '../src/wire/compression/compression.ts';
import { readHeader } from '../src/wire/record-batch.ts';
import { compressBatch, openRecords } from '../src/wire/records.ts';

/**
 * `npm run bench:compression`: how long it takes to write a compressed record batch and to decompress one, beside kafkajs's
 * own encoder with gzip. The contestants take turns in one process.
 */
const load = createRequire(import.meta.url);

type KafkajsBatch = (batch: object) => Promise<{ readonly buffer: Buffer }>;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch: KafkajsBatch };
const KafkajsRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const kafkajsGzip = load('kafkajs/src/protocol/message/compression/gzip') as { decompress(bytes: Buffer): Promise<Buffer> };

const RECORDS = 400;
const ROUNDS = 15;
const GZIP = compressionNumber('gzip');

const records = Array.from({ length: RECORDS }, (_, i) => ({
  key: Buffer.from(`customer-${i}`),
  value: Buffer.from(
    JSON.stringify({
      id: i,
      job: ['admin', 'blue-collar', 'retired'][i % 3],
      balance: (i * 104_729) % 10_007,
      at: 1_700_000_000_000 + i * 13,
      note: `row ${(i * 7919) % 997} of the sample`,
    }),
  ),
  timestamp: 1_700_000_000_000 + i,
}));
const owner = { producerId: -1, producerEpoch: -1, firstSequence: -1 };

async function kafkajsWrites(): Promise<number> {
  const written = records.map((record, offsetDelta) => KafkajsRecord({ ...record, headers: {}, offsetDelta, timestampDelta: offsetDelta }));
  const firstTimestamp = 1_700_000_000_000;
  const { buffer } = await RecordBatch({
    compression: GZIP,
    records: written,
    firstTimestamp,
    maxTimestamp: firstTimestamp + RECORDS,
    lastOffsetDelta: RECORDS - 1,
  });
  return buffer.length;
}

const plain = encodeBatch(records, owner, () => {});
const writes = (name: CompressionName) =>
  compressBatch(
    encodeBatch(records, owner, () => {}),
    compressionNumber(name),
  ).length;

/** Milliseconds a call, the median of the rounds. */
async function measure(contestants: ReadonlyMap<string, () => unknown>): Promise<Map<string, number>> {
  const times = new Map<string, number[]>([...contestants.keys()].map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, run] of contestants) {
      const start = performance.now();
      let calls = 0;
      for (; performance.now() - start < 120; calls++) await run();
      if (round >= 0) times.get(name)?.push((performance.now() - start) / calls);
    }
  }
  return new Map([...times].map(([name, list]) => [name, list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN]));
}

await loadCodecs();
const packed = new Map(COMPRESSIONS.map((name) => [name, compressBatch(plain, compressionNumber(name))]));
const opened = (name: CompressionName) => {
  const bytes = packed.get(name) ?? plain;
  const batch = { bytes, ...readHeader(bytes) };
  return () => openRecords(batch);
};
const gzipBody = (packed.get('gzip') ?? plain).subarray(61);
const written = await measure(
  new Map<string, () => unknown>([['kafkajs, gzip', kafkajsWrites], ...COMPRESSIONS.map((name) => [name, () => writes(name)] as const)]),
);
const read = await measure(
  new Map<string, () => unknown>([
    ['kafkajs, gzip', () => kafkajsGzip.decompress(gzipBody)],
    ...COMPRESSIONS.map((name) => [name, opened(name)] as const),
  ]),
);
const base = { write: written.get('kafkajs, gzip') ?? Number.NaN, read: read.get('kafkajs, gzip') ?? Number.NaN };
const sizes = new Map<string, number>([
  ['kafkajs, gzip', await kafkajsWrites()],
  ...[...packed].map(([name, bytes]) => [name, bytes.length] as const),
]);

const lines = [...written].map(([name, ms]) => {
  const readMs = read.get(name) ?? Number.NaN;
  const cells = [name, sizes.get(name), ms.toFixed(2), (base.write / ms).toFixed(1), readMs.toFixed(3), (base.read / readMs).toFixed(1)];
  return `| ${cells.join(' | ')} |`;
});
const head = ['| | bytes | written, ms | times kafkajs | decompressed, ms | times kafkajs |', '|---|---|---|---|---|---|'];
process.stdout.write(`${RECORDS} records, ${plain.length} bytes, Node ${process.version}\n\n${[...head, ...lines].join('\n')}\n`);
