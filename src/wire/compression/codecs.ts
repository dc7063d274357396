import type { Codec } from './codec.ts';
import { Compression, compressionLabel } from './compression.ts';
import { CompressionError } from './compression-error.ts';

/** Each with the packages that it needs; none is loaded before the first batch that needs it. */
const LOADERS: ReadonlyMap<number, () => Promise<Codec>> = new Map([
  [Compression.GZIP, async () => (await import('./gzip.ts')).gzip],
  [Compression.SNAPPY, async () => (await import('./snappy.ts')).snappy],
  [Compression.LZ4, async () => (await import('./lz4.ts')).lz4],
  [Compression.ZSTD, async () => await (await import('./zstd.ts')).loadZstd()],
]);
const PACKAGES: ReadonlyMap<number, string> = new Map([
  [Compression.SNAPPY, 'hysnappy'],
  [Compression.LZ4, 'lz4-napi'],
  [Compression.ZSTD, '@bokuweb/zstd-wasm'],
]);

const loading = new Map<number, Promise<void>>();
const loaded = new Map<number, Codec>();

/**
 * Loads the codec of a compression, so that `codecOf` has it.
 *
 * @returns undefined when it is there already
 * @throws CompressionError (rejects) `unsupported`
 */
export function loadCodec(compression: number): Promise<void> | undefined {
  if (compression === Compression.NONE || loaded.has(compression)) return undefined;
  let promise = loading.get(compression);
  if (promise === undefined) {
    promise = load(compression).finally(() => loading.delete(compression));
    loading.set(compression, promise);
  }
  return promise;
}

/** @throws CompressionError `unsupported` for a compression that Kafka does not define, or whose codec was not loaded */
export function codecOf(compression: number): Codec {
  const codec = loaded.get(compression);
  if (codec !== undefined) return codec;
  const why = LOADERS.has(compression) ? 'its codec has not been loaded' : 'Kafka does not define it';
  throw new CompressionError('unsupported', `${compressionLabel(compression)} cannot be used: ${why}`);
}

async function load(compression: number): Promise<void> {
  const loader = LOADERS.get(compression);
  if (loader === undefined) return void codecOf(compression);
  try {
    loaded.set(compression, await loader());
  } catch (cause) {
    const name = compressionLabel(compression);
    throw new CompressionError('unsupported', `the ${name} codec cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
      next: `Install it again for this platform: npm install ${PACKAGES.get(compression) ?? 'streamerjs'}`,
    });
  }
}
