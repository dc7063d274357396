import { gzipSync } from 'node:zlib';
import { codecOf } from '../../../src/wire/compression/codecs.ts';
import { ErrorCode } from '../../../src/wire/error-code.ts';
import { type RawBatch, rawBatch, rawRecords, varint } from './raw-batch.ts';

/** One way in which a produce request can be wrong, or unusual. */
export interface Kind {
  readonly name: string;
  /** What the request holds of the partition. */
  readonly bytes: (now: number) => Buffer;
  /** Of the request. @default 9 */
  readonly version?: number;
  /** The error of a broker that is more exact here than Kafka, which fails within or keeps what its own consumer cannot read. */
  readonly orRefused?: number;
  readonly transactionalId?: string;
  readonly configs?: Readonly<Record<string, string>>;
}

const MAX_INT = 2_147_483_647;
const HOUR = 3_600_000;
const UNKNOWN = ErrorCode.UNKNOWN_SERVER_ERROR;
const { INVALID_RECORD } = ErrorCode;
const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

const kind = (name: string, batch: RawBatch | ((now: number) => RawBatch), more: Omit<Kind, 'name' | 'bytes'> = {}): Kind => ({
  name,
  bytes: (now) => rawBatch(typeof batch === 'function' ? batch(now) : batch, now),
  ...more,
});

const changed = (name: string, batch: RawBatch, change: (bytes: Buffer) => Buffer): Kind => ({
  name,
  bytes: (now) => change(rawBatch(batch, now)),
});

/** Two records that a codec packed, with a header that says what the test wants. */
const packed = (compression: number, batch: RawBatch = {}, pack = (bytes: Buffer) => codecOf(compression).compress(bytes)): RawBatch => {
  const records = batch.records ?? [{}, {}];
  return {
    attributes: compression,
    recordCount: records.length,
    lastOffsetDelta: records.length - 1,
    body: pack(rawRecords(records)),
    ...batch,
  };
};

const NOISE = Buffer.from('this is not what any codec writes');

export const KINDS: readonly Kind[] = [
  kind('in order', {}),
  kind('in order, three records', { records: [{}, { value: null }, { key: null }] }),

  // Checksum, lengths, format.
  kind('a checksum of 0', { crc: 0 }),
  changed('a last byte that was changed', {}, (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([9])])),
  kind('a length of 0', { length: 0 }),
  kind('a negative length', { length: -1 }),
  kind('a length within the header', { length: 40 }),
  kind('a length of the header alone, and no records', { body: Buffer.alloc(0), records: [], recordCount: 0, lastOffsetDelta: 0 }),
  kind('a length that is greater than what is there', { length: 1000 }),
  kind('a length of 2^31 - 1', { length: MAX_INT }, { orRefused: INVALID_RECORD }),
  changed('half of a batch', {}, (bytes) => bytes.subarray(0, 40)),
  changed('ten bytes', {}, (bytes) => bytes.subarray(0, 10)),
  changed('seventeen bytes', {}, (bytes) => bytes.subarray(0, 17)),
  changed('bytes after the batch', {}, (bytes) => Buffer.concat([bytes, Buffer.alloc(7)])),
  changed('as many bytes after the batch as a header has', {}, (bytes) => Buffer.concat([bytes, Buffer.alloc(80)])),
  changed('two batches', {}, (bytes) => Buffer.concat([bytes, bytes])),
  { name: 'no bytes', bytes: () => Buffer.alloc(0) },
  kind('format 0', { magic: 0 }),
  kind('format 1', { magic: 1 }),
  kind('format 3', { magic: 3 }),
  kind('format -1', { magic: -1 }),

  // Counts and offsets in the header.
  kind('a count of 0', { recordCount: 0 }),
  kind('a negative count', { recordCount: -1 }),
  kind('one more record counted', { recordCount: 2 }),
  kind('one record less counted', { records: [{}, {}], recordCount: 1 }),
  kind('one more counted, and the offsets agree', { recordCount: 2, lastOffsetDelta: 1 }),
  kind('one less counted, and the offsets agree', { records: [{}, {}], recordCount: 1, lastOffsetDelta: 0 }),
  kind('a count of 2^31 - 1, and the offsets agree', { recordCount: MAX_INT, lastOffsetDelta: MAX_INT - 1 }),
  kind('a count of 0, and the offsets agree', { recordCount: 0, lastOffsetDelta: -1 }),
  kind('a last offset delta that is too great', { lastOffsetDelta: 5 }),
  kind('a last offset delta that is too small', { records: [{}, {}], lastOffsetDelta: 0 }),
  kind('a negative last offset delta', { lastOffsetDelta: -1 }),
  kind('a last offset delta of 2^31 - 1', { lastOffsetDelta: MAX_INT }),
  kind('a base offset of 77', { baseOffset: 77 }),
  kind('a negative base offset', { baseOffset: -5 }),
  kind('a base offset of 2^62', { baseOffset: 2 ** 62 }),
  kind('a leader epoch of 99', { leaderEpoch: 99 }),

  // Records.
  kind('a record with a negative length', { records: [{ length: -1 }] }),
  kind('a record of length 0', { body: varint(0) }),
  kind('a record longer than the batch', { records: [{ length: 500 }] }),
  kind('a record of length 2^31 - 1', { records: [{ length: MAX_INT }] }),
  kind('a record that says one byte less', { records: [{ length: 7 }] }),
  kind('a record with a byte behind its headers', { records: [{ rest: Buffer.from([0]) }] }),
  kind('a key of length -2', { records: [{ key: null, keyLength: -2 }] }),
  kind('a key longer than its record', { records: [{ keyLength: 100 }] }),
  kind('a value of length -2', { records: [{ value: null, valueLength: -2 }] }),
  kind('a value longer than its record', { records: [{ valueLength: 100 }] }),
  kind('a value of length 2^31 - 1', { records: [{ valueLength: MAX_INT }] }),
  kind('a negative count of headers', { records: [{ headerCount: -1 }] }),
  kind('more headers counted than there are', { records: [{ headerCount: 3 }] }),
  kind('a header without name', { records: [{ headerCount: 1, headers: Buffer.concat([varint(-1), varint(-1)]) }] }),
  kind('a header with an empty name', { records: [{ headerCount: 1, headers: Buffer.concat([varint(0), varint(-1)]) }] }),
  kind('a header with a value of length -2', { records: [{ headerCount: 1, headers: Buffer.concat([varint(0), varint(-2)]) }] }),
  kind('a header whose name is longer than the record', {
    records: [{ headerCount: 1, headers: Buffer.concat([varint(90), varint(-1)]) }],
  }),
  kind('a header whose name is not UTF-8', { records: [{ headerCount: 1, headers: Buffer.from([2, 0xff, 1]) }] }),
  kind('a varint of eleven bytes', { body: Buffer.concat([Buffer.alloc(10, 0xff), Buffer.from([1])]) }, { orRefused: INVALID_RECORD }),
  kind('a second record that is cut off', { body: rawRecords([{}, {}]).subarray(0, -3), recordCount: 2, lastOffsetDelta: 1 }),
  kind('bytes behind the last record', { body: Buffer.concat([rawRecords([{}]), Buffer.alloc(5)]) }),
  kind('no record at all, one counted', { body: Buffer.alloc(0) }),
  kind('attributes of a record', { records: [{ attributes: 0x7f }] }),
  kind('offset deltas 0 and 2', { records: [{}, { offsetDelta: 2 }] }),
  kind('offset deltas 0 and 0', { records: [{}, { offsetDelta: 0 }] }),
  kind('offset deltas 1 and 0', { records: [{ offsetDelta: 1 }, { offsetDelta: 0 }] }),
  kind('an offset delta of -1', { records: [{ offsetDelta: -1 }] }),
  kind('an offset delta of 2^31 - 1', { records: [{ offsetDelta: MAX_INT }] }),

  // Attributes and producers.
  kind('the control bit', { attributes: 0x20 }),
  kind('the transaction bit without an id', { attributes: 0x10 }),
  kind('the transaction bit, a producer and no id', { attributes: 0x10, producerId: 900_001, producerEpoch: 0, baseSequence: 0 }),
  kind(
    'the transaction bit and an id that is not known',
    { attributes: 0x10, producerId: 900_002, producerEpoch: 0, baseSequence: 0 },
    { transactionalId: 'malformed-unknown' },
  ),
  kind('an id, and a batch without the transaction bit', {}, { transactionalId: 'malformed-plain' }),
  kind('compression 5', { attributes: 5 }),
  kind('compression 7', { attributes: 7 }),
  kind('the bit of the delete horizon', { attributes: 0x40 }),
  kind('an attribute that is not defined', { attributes: 0x80 }),
  kind('all attributes that are not defined', { attributes: 0x7f80 }),
  kind('the bit of the arrival time', { attributes: 0x08 }),
  kind(
    'the bit of the arrival time, and a topic that stamps it',
    { attributes: 0x08 },
    { configs: { 'message.timestamp.type': 'LogAppendTime' } },
  ),
  kind('a producer without a sequence', { producerId: 900_003, producerEpoch: 0 }),
  kind('a producer with a sequence of -2', { producerId: 900_004, producerEpoch: 0, baseSequence: -2 }),
  kind('a producer with a negative epoch', { producerId: 900_005, producerEpoch: -1, baseSequence: 0 }),
  kind('a producer of -2', { producerId: -2, producerEpoch: 0, baseSequence: 0 }),
  kind('a sequence without a producer', { baseSequence: 5 }),
  kind('a new producer that begins at sequence 5', { producerId: 900_006, producerEpoch: 0, baseSequence: 5 }),

  // Times.
  kind('a time two hours ahead', (now) => ({ baseTimestamp: now + 2 * HOUR, maxTimestamp: now + 2 * HOUR })),
  kind('a record two hours ahead, and a header that does not say so', { records: [{ timestampDelta: 2 * HOUR }] }),
  kind('a header that says two hours ahead, and a record that does not', (now) => ({ maxTimestamp: now + 2 * HOUR })),
  kind('a greatest time below the records', (now) => ({ records: [{ timestampDelta: HOUR / 2 }], maxTimestamp: now - 5000 })),
  kind('no time', { baseTimestamp: -1, maxTimestamp: -1 }),
  kind('a time of -5', { baseTimestamp: -5, maxTimestamp: -5 }),
  kind(
    'a time of 1970, and a topic that takes a day',
    { baseTimestamp: 0, maxTimestamp: 0 },
    { configs: { 'message.timestamp.before.max.ms': '86400000' } },
  ),
  kind('a second record of 1970, and a topic that takes a day', (now) => ({ records: [{}, { timestampDelta: -now }] }), {
    configs: { 'message.timestamp.before.max.ms': '86400000' },
  }),
  kind('a time two hours ahead, and a topic that stamps its own', (now) => ({ baseTimestamp: now + 2 * HOUR }), {
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  }),

  // Topics.
  kind('no key, and a compacted topic', { records: [{}, { key: null }] }, { configs: { 'cleanup.policy': 'compact' } }),
  kind('a batch over max.message.bytes', { records: [{ value: 'x'.repeat(200) }] }, { configs: { 'max.message.bytes': '200' } }),

  // Compression.
  ...[GZIP, SNAPPY, LZ4, ZSTD].flatMap((compression) => {
    const name = ['', 'gzip', 'snappy', 'lz4', 'zstd'][compression];
    const later = (make: () => RawBatch) => () => make();
    return [
      kind(
        `${name}, in order`,
        later(() => packed(compression)),
      ),
      kind(`${name}, noise`, { attributes: compression, body: NOISE }),
      kind(`${name}, nothing`, { attributes: compression, body: Buffer.alloc(0) }, { orRefused: UNKNOWN }),
      kind(`${name}, records that are not compressed`, { attributes: compression }),
      kind(
        `${name}, cut off`,
        later(() => packed(compression, {}, (bytes) => codecOf(compression).compress(bytes).subarray(0, -3))),
      ),
      kind(
        `${name}, bytes behind it`,
        later(() => packed(compression, {}, (bytes) => Buffer.concat([codecOf(compression).compress(bytes), NOISE]))),
      ),
      kind(
        `${name}, one more record counted`,
        later(() => packed(compression, { recordCount: 3, lastOffsetDelta: 2 })),
      ),
      kind(
        `${name}, one record less counted`,
        later(() => packed(compression, { recordCount: 1, lastOffsetDelta: 0 })),
      ),
      kind(
        `${name}, a count of 2^31 - 1`,
        later(() => packed(compression, { recordCount: MAX_INT, lastOffsetDelta: MAX_INT - 1 })),
      ),
      kind(
        `${name}, bytes behind the records within it`,
        later(() => packed(compression, {}, (bytes) => codecOf(compression).compress(Buffer.concat([bytes, NOISE])))),
      ),
    ];
  }),
  kind('gzip, offset deltas 0 and 2', () => packed(GZIP, { records: [{}, { offsetDelta: 2 }], recordCount: 2, lastOffsetDelta: 1 })),
  kind('gzip, offset deltas 1 and 0', () => packed(GZIP, { records: [{ offsetDelta: 1 }, { offsetDelta: 0 }] })),
  kind('gzip, a record that says one byte less', () => packed(GZIP, { records: [{ length: 7 }] }), { orRefused: INVALID_RECORD }),
  kind('gzip, a record that says one byte more', () => packed(GZIP, { records: [{ length: 9 }] }), { orRefused: INVALID_RECORD }),
  kind('gzip, a record with a negative length', () => packed(GZIP, { records: [{ length: -1 }] }), { orRefused: INVALID_RECORD }),
  kind('gzip, a negative count of headers', () => packed(GZIP, { records: [{ headerCount: -1 }] })),
  kind('gzip, a header without name', () =>
    packed(GZIP, { records: [{ headerCount: 1, headers: Buffer.concat([varint(-1), varint(-1)]) }] }),
  ),
  kind('gzip, a record two hours ahead', () => packed(GZIP, { records: [{ timestampDelta: 2 * HOUR }] })),
  kind('gzip, no key, and a compacted topic', () => packed(GZIP, { records: [{}, { key: null }] }), {
    configs: { 'cleanup.policy': 'compact' },
  }),
  kind('gzip of another level, and a greatest time that is wrong', (now) => ({
    ...packed(GZIP, {}, (bytes) => gzipSync(bytes, { level: 1 })),
    maxTimestamp: now - 9,
  })),
  kind('zstd in a request of version 6', () => packed(ZSTD), { version: 6 }),
  ...['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((type) => [
    kind(`plain records, and a topic of ${type}`, { records: [{}, { value: null }] }, { configs: { 'compression.type': type } }),
    kind(`gzip, and a topic of ${type}`, () => packed(GZIP), { configs: { 'compression.type': type } }),
  ]),
  kind('gzip, offset deltas 0 and 2, and a topic of lz4', () => packed(GZIP, { records: [{}, { offsetDelta: 2 }] }), {
    configs: { 'compression.type': 'lz4' },
  }),
  kind(
    'plain, a wrong header, and a topic of lz4',
    { records: [{ headerCount: 1, headers: Buffer.concat([varint(-1), varint(-1)]) }] },
    { configs: { 'compression.type': 'lz4' } },
  ),
];
