import { promisify } from 'node:util';
import { brotliDecompress, unzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { Misfit } from './misfit.ts';

const CODINGS = { gzip: promisify(unzip), 'x-gzip': promisify(unzip), deflate: promisify(unzip), br: promisify(brotliDecompress) } as const;

/**
 * The text of an answer. Compressed ones are unpacked: some servers, and proxies before them, compress whatever was asked for.
 *
 * @param maxBytes of what is unpacked; past it the error has the code `ERR_BUFFER_TOO_LARGE`
 * @throws Misfit when it is compressed in a way that is not known, or badly
 */
export async function bodyText({ body, headers }: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const coding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (coding === 'identity') return body.text();
  const packed = await body.bytes();
  if (packed.length === 0) return '';
  if (!Object.hasOwn(CODINGS, coding)) throw new Misfit(`answered in the coding ${JSON.stringify(coding)}, which is not read here`);
  try {
    return new TextDecoder().decode(await CODINGS[coding as keyof typeof CODINGS](packed, { maxOutputLength: maxBytes }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Misfit(`answered what is not ${coding}, though it says so: ${(error as Error).message}`);
  }
}
