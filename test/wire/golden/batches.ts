import { readFileSync } from 'node:fs';

export const COMPRESSED_BY = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

/** One batch as a client of another implementation wrote it, and a broker kept it. */
export interface GoldenBatch {
  /** `java`: the console producer of Apache Kafka 4.2; `kcat`: librdkafka. */
  readonly client: 'java' | 'kcat';
  readonly compression: (typeof COMPRESSED_BY)[number];
  /** Base64. */
  readonly batch: string;
}

export interface GoldenRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

/** Keys, nulls, headers, text of several bytes a character, and a value that takes several blocks of every codec. */
export function goldenRecords(client: GoldenBatch['client'] = 'java'): GoldenRecord[] {
  const headers = (i: number): GoldenRecord['headers'] => {
    if (client === 'kcat')
      return [
        ['from', 'kcat'],
        ['empty', null],
      ];
    return i % 3 === 0
      ? []
      : [
          ['trace', `t-${i}`],
          ['lang', i % 2 === 0 ? 'größe' : ''],
        ];
  };
  const records = Array.from({ length: 30 }, (_, i) => ({
    key: i % 5 === 4 ? null : `customer-${i}`,
    value: i % 7 === 6 ? null : `{"id":${i},"name":"Jürgen ${i * 7919}","balance":${(i * 104_729) % 10_007},"job":"blue-collar"}`,
    headers: headers(i),
  }));
  const long = Array.from({ length: 4_000 }, (_, i) => `line ${i % 50} of a long value`).join(' ');
  return [...records, { key: 'long', value: long, headers: headers(30) }];
}

export function goldenBatches(): readonly GoldenBatch[] {
  return JSON.parse(readFileSync(new URL('batches.json', import.meta.url), 'utf8')) as GoldenBatch[];
}
