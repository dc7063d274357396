import { beforeAll, describe, expect, it } from 'vitest';
import { readHeaders } from '../../src/kafka/read-headers.ts';
import { loadCodecs } from '../../src/wire/compression/codecs.ts';
import { readFetched } from '../../src/wire/fetched-batches.ts';
import { RecordReader } from '../../src/wire/record-reader.ts';
import { batch } from '../helpers/wire.ts';

beforeAll(loadCodecs);

/**
 * Written by Kafka's Java client 4.2 (`MemoryRecords.builder` with magic 0 and 1): k1=v1 at offset 5, v2 without key at 6, k3
 * without value at 9, created at 1_700_000_000_001, ..2 and ..3, appended at 1_700_000_009_999.
 */
const GOLDEN: ReadonlyArray<readonly [form: string, hex: string, times: readonly number[] | number | null]> = [
  [
    'format 0, CreateTime, none',
    '00000000000000050000001257e7496e0000000000026b31000000027631000000000000000600000010d5960a780000ffffffff000000027632000000000000000900000010b643ca6a0000000000026b33ffffffff',
    null,
  ],
  [
    'format 0, CreateTime, gzip',
    '0000000000000009000000552e1004a80001ffffffff000000471f8b08000000000000ff636000035620160a7fee9907e631651b82c832438824031b100b5c9dc655c1c0f01f08c0724650394e90dc36e75359509dc6201500be83036b56000000',
    null,
  ],
  [
    'format 0, CreateTime, snappy',
    '00000000000000090000006dac58f90c0002ffffffff0000005f82534e415050590000000001000000010000004b560000090120050000001257e7496e050f1c026b31000000027601060101380600000010d5960a780000ffffffff051c0432000901500900000010b643ca6a0000000000026b33ffffffff',
    null,
  ],
  [
    'format 1, CreateTime, none',
    '00000000000000050000001a784cb3e701000000018bcfe56801000000026b31000000027631000000000000000600000018ab30e88001000000018bcfe56802ffffffff000000027632000000000000000900000018096bf75201000000018bcfe56803000000026b33ffffffff',
    [1, 2, 3],
  ],
  [
    'format 1, CreateTime, gzip',
    '0000000000000009000000662cd6f96901010000018bcfe56803ffffffff000000501f8b08000000000000ff63608003a90a9fcdcf19810cc6eef34f33400ca66c431059660855011293586df0a201ae8ae93f1080d51841d5b080d470667f0f82ab61069b640c5209007be48c896e000000',
    [1, 2, 3],
  ],
  [
    'format 1, CreateTime, snappy',
    '000000000000000900000080562a71ac01020000018bcfe56803ffffffff0000006a82534e41505059000000000100000001000000566e00001901501a784cb3e701000000018bcfe56801000000026b31010600760106010101141018ab30e880010905261002ffffffff0524003201212c0000000400000018096bf75215242803000000026b33ffffffff',
    [1, 2, 3],
  ],
  [
    'format 1, CreateTime, lz4',
    '00000000000000090000007df1394c8401030000018bcfe56803ffffffff0000006704224d186040825800000016000100e01a784cb3e701000000018bcfe568090080026b31000000027606000002000014005018ab30e88009000126005102ffffffff240010322100c50000000400000018096bf7522400b003000000026b33ffffffff00000000',
    [1, 2, 3],
  ],
  [
    'format 1, LogAppendTime, none',
    '00000000000000050000001acd3b7c2a01080000018bcfe58f0f000000026b310000000276310000000000000006000000185508526501080000018bcfe58f0fffffffff00000002763200000000000000090000001836dd927701080000018bcfe58f0f000000026b33ffffffff',
    1_700_000_009_999,
  ],
  [
    'format 1, LogAppendTime, gzip',
    '000000000000000900000065f211c35401090000018bcfe58f0fffffffff0000004f1f8b08000000000000ff63608003a9b3d6355a8c1c0c0c8cdde79ff6f3034598b20d41649921540523104b847204a52254fd0702b01a23a81a16901ab3bb93cad14c3206a90400d522b1a16e000000',
    1_700_000_009_999,
  ],
  [
    'format 1, LogAppendTime, snappy',
    '000000000000000900000079db2d1c20010a0000018bcfe58f0fffffffff0000006382534e415050590000000001000000010000004f6e00001901501acd3b7c2a01080000018bcfe58f0f000000026b3101060076010601012001000000185508526519260cffffffff0524043200090124040000001836dd927701364a001033ffffffff',
    1_700_000_009_999,
  ],
  [
    'format 1, LogAppendTime, lz4',
    '000000000000000900000079a549dec9010b0000018bcfe58f0fffffffff0000006304224d186040825400000016000100f0061acd3b7c2a01080000018bcfe58f0f000000026b3106001076060000020096010000001855085265260041ffffffff240010322100400000000424004636dd92772400a0000000026b33ffffffff00000000',
    1_700_000_009_999,
  ],
];

const read = (bytes: Buffer) => {
  const { visible, nextOffset } = readFetched(bytes, []);
  const records = [...new RecordReader(visible, readHeaders)];
  return {
    nextOffset,
    records: records.map(({ offset, timestamp, key, value }) => [offset, timestamp, key && String(key), value && String(value)]),
  };
};

const failures = (bytes: Buffer) => readFetched(bytes, []).visible.flatMap(({ unreadable }) => unreadable?.error.message ?? []);

describe('messages of brokers before Kafka 0.11', () => {
  it.each(GOLDEN)('are read: %s', (_form, hex, times) => {
    const timeOf = (i: number) => (times === null ? -1 : typeof times === 'number' ? times : 1_700_000_000_000 + (times[i] ?? 0));
    expect(read(Buffer.from(hex, 'hex'))).toEqual({
      nextOffset: 10,
      records: [
        [5, timeOf(0), 'k1', 'v1'],
        [6, timeOf(1), null, 'v2'],
        [9, timeOf(2), 'k3', null],
      ],
    });
  });

  it('of format 0 packed with lz4 are refused by name: Kafka wrote a wrong checksum into the head of the frame (KIP-57)', () => {
    const hex =
      '000000000000000900000068c298bdd30003ffffffff0000005a04224d1860401a4b0000001200010091050000001257e7496e0f0080026b3100000002760600000200f1000600000010d5960a780000ffffffff1c001032190040000000091c0041b643ca6a0e0070026b33ffffffff00000000';
    expect(failures(Buffer.from(hex, 'hex'))).toEqual([expect.stringMatching(/lz4 data is corrupt/)]);
  });

  it('are read in front of batches, as in a log that outlived an upgrade', () => {
    const [, hex = ''] = GOLDEN[0] ?? [];
    const bytes = batch({ values: ['new'] });
    bytes.writeBigInt64BE(10n, 0);
    expect(read(Buffer.concat([Buffer.from(hex, 'hex'), bytes])).records.map(([offset]) => offset)).toEqual([5, 6, 9, 10]);
  });

  it('that are cut off are left for the next fetch, and a changed byte is found', () => {
    const whole = Buffer.from(GOLDEN[0]?.[1] ?? '', 'hex');
    expect(read(whole.subarray(0, whole.length - 1)).records).toHaveLength(2);
    const changed = Buffer.from(whole);
    changed[28] = 0x7a;
    expect(failures(changed)).toEqual([expect.stringMatching(/checksum/)]);
    expect(read(changed).nextOffset).toBe(10);
  });
});
