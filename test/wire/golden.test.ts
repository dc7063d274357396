import { expect, it } from 'vitest';
import { codecOf, loadCodec } from '../../src/wire/compression/codecs.ts';
import { compressionNumber } from '../../src/wire/compression/compression.ts';
import { HEADER_BYTES } from '../../src/wire/record-batch.ts';
import { goldenBatches, goldenRecords } from './golden/batches.ts';
import { readRecordsPlainly } from './golden/plain-reader.ts';

it.each(goldenBatches().map((golden) => [golden.client, golden.compression, golden] as const))(
  'a batch of %s, compressed with %s, has the records that were sent',
  async (client, compression, { batch }) => {
    const bytes = Buffer.from(batch, 'base64');
    await loadCodec(compressionNumber(compression));
    const body = codecOf(compressionNumber(compression)).decompress(bytes.subarray(HEADER_BYTES), 1_000_000);
    expect(bytes.readInt16BE(21) & 7).toBe(compressionNumber(compression));
    expect(readRecordsPlainly(body, bytes.readInt32BE(57))).toEqual(goldenRecords(client));
  },
);
