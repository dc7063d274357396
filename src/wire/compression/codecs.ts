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
const failures = new Map<number, CompressionError>();

/**
 * Loads the codec of a compression, so that `codecOf` has it, or the reason why not.
 *
 * @returns resolves when that is decided; undefined when it is already
 */
export function loadCodec(compression: number): Promise<void> | undefined {
  if (!LOADERS.has(compression) || loaded.has(compression) || failures.has(compression)) return undefined;
  let promise = loading.get(compression);
  if (promise === undefined) {
    promise = load(compression).finally(() => loading.delete(compression));
    loading.set(compression, promise);
  }
  return promise;
}

/** Loads the codecs of all compressions. */
export async function loadCodecs(): Promise<void> {
  await Promise.all([...LOADERS.keys()].map(loadCodec));
}

/** @throws CompressionError `unsupported` for a compression that Kafka does not define, or whose codec cannot be loaded */
export function codecOf(compression: number): Codec {
  const codec = loaded.get(compression);
  if (codec !== undefined) return codec;
  const why = LOADERS.has(compression) ? 'its codec has not been loaded' : 'Kafka does not define it';
  throw failures.get(compression) ?? new CompressionError('unsupported', `${compressionLabel(compression)} cannot be used: ${why}`);
}

async function load(compression: number): Promise<void> {
  try {
    const codec = await LOADERS.get(compression)?.();
    if (codec !== undefined) loaded.set(compression, codec);
  } catch (cause) {
    const name = compressionLabel(compression);
    const why = cause instanceof Error ? cause.message : String(cause);
    const next = `Install it again for this platform: npm install ${PACKAGES.get(compression) ?? 'streamerjs'}`;
    failures.set(compression, new CompressionError('unsupported', `the ${name} codec cannot be loaded: ${why}`, { cause, next }));
  }
}
