import { promisify } from 'node:util';
import { brotliDecompress, unzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { messageOf, propertyOf } from '../../errors.ts';
import { Misfit } from './misfit.ts';

const CODINGS = new Map([
  ['gzip', promisify(unzip)],
  ['x-gzip', promisify(unzip)],
  ['deflate', promisify(unzip)],
  ['br', promisify(brotliDecompress)],
]);

/**
 * Resolves to the bytes of an answer, unpacked where it is compressed: some servers, and proxies before them, compress whatever the request
 * accepts.
 *
 * @param maxBytes of the unpacked body; beyond it the error has the code `ERR_BUFFER_TOO_LARGE`
 * @throws Misfit when the coding is not known, or the bytes do not fit it
 */
export async function bodyBytes({ body, headers }: Dispatcher.ResponseData, maxBytes: number): Promise<Uint8Array> {
  const coding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  const packed = await body.bytes();
  if (coding === 'identity' || packed.length === 0) return packed;
  const unpack = CODINGS.get(coding);
  if (unpack === undefined) throw new Misfit(`answered in the unknown coding ${JSON.stringify(coding)}`);
  try {
    return await unpack(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if (propertyOf(error, 'code') === 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Misfit(`answered bytes that are not ${coding}, as its headers say: ${messageOf(error)}`);
  }
}
