/** Compressions of record batches; the index of a name is its number in a batch's attributes. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type CompressionName = (typeof COMPRESSIONS)[number];

/** Numbers in the attributes of a batch (https://kafka.apache.org/documentation/#recordbatch). */
export const Compression = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;

/** The bits of a batch's attributes that hold the number. */
export const COMPRESSION_MASK = 0x07;

export function compressionNumber(name: CompressionName): number {
  return COMPRESSIONS.indexOf(name);
}

export function isCompressionName(value: unknown): value is CompressionName {
  return COMPRESSIONS.some((name) => name === value);
}

/** The name for logs and errors: `gzip`, or `compression 6` for a number that Kafka does not define. */
export function compressionLabel(number: number): string {
  return COMPRESSIONS[number] ?? `compression ${number}`;
}
