import * as zlib from 'node:zlib';
import type { Codec } from './codec.ts';
import { corrupt, tooLarge } from './compression-error.ts';
import { inflateError } from './gzip.ts';
import { checkFrame } from './zstd-frame.ts';

const DEFAULT_LEVEL = 3;
/** First guess at the size of a frame that does not say it, as the Java client's do not. */
const GUESS_BYTES = 1024 * 1024;
/** ZSTD_error_dstSize_tooSmall, as the error's text ends with it. */
const TOO_SMALL = /-70$/;

/** node:zlib's own from 22.15 and 23.8 on. */
interface NativeZstd {
  readonly zstdCompressSync: (bytes: Buffer, options: { readonly params: Readonly<Record<number, number>> }) => Buffer;
  readonly zstdDecompressSync: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
}

/** Zstandard frames (RFC 8878), by Node where it has zstd, else by WebAssembly. */
export async function loadZstd(library: object = zlib): Promise<Codec> {
  return hasZstd(library) ? nativeZstd(library) : await wasmZstd();
}

function hasZstd(library: object): library is NativeZstd {
  return 'zstdCompressSync' in library && 'zstdDecompressSync' in library;
}

function nativeZstd({ zstdCompressSync, zstdDecompressSync, constants }: NativeZstd): Codec {
  return {
    compress: (bytes, level = DEFAULT_LEVEL) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    decompress: (bytes, maxBytes) => {
      checkSize(bytes, maxBytes);
      try {
        return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, maxBytes) });
      } catch (error) {
        throw inflateError('zstd', error, maxBytes);
      }
    },
  };
}

async function wasmZstd(): Promise<Codec> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
  await once(init);
  return {
    compress: (bytes, level = DEFAULT_LEVEL) => view(compress(bytes, level)),
    decompress: (bytes, maxBytes) => {
      const size = checkSize(bytes, maxBytes);
      // The library takes a heap of this size where the frame does not say its own; a larger one is tried when it was too small.
      for (let heap = Math.min(size ?? GUESS_BYTES, maxBytes); ; heap = Math.min(heap * 4, maxBytes)) {
        try {
          return view(decompress(bytes, { defaultHeapSize: heap }));
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          if (!TOO_SMALL.test(message) || size !== undefined) throw corrupt('zstd', message, error);
          if (heap >= maxBytes) throw tooLarge('zstd', maxBytes);
        }
      }
    },
  };
}

const STARTS = Symbol.for('streamerjs.zstd');

/**
 * The library has one instance in a process. A second `init`, as by another copy of this package, replaces it while it is used: what is
 * written into the memory of one is then read from that of the other.
 */
function once(init: () => Promise<void>): Promise<void> {
  const known: unknown = Reflect.get(globalThis, STARTS);
  const starts: WeakMap<() => Promise<void>, Promise<void>> = known instanceof WeakMap ? known : new WeakMap();
  if (starts !== known) Reflect.set(globalThis, STARTS, starts);
  const ready = starts.get(init) ?? init();
  starts.set(init, ready);
  return ready;
}

/** @returns the size that the frame says it expands to; undefined when it says none. @throws CompressionError */
function checkSize(bytes: Buffer, maxBytes: number): number | undefined {
  const size = checkFrame(bytes);
  if (size !== undefined && size > maxBytes) throw tooLarge('zstd', maxBytes);
  return size;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
