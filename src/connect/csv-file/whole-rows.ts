import type { FileHandle } from 'node:fs/promises';

const CHUNK = 256 * 1024;
const QUOTE = 0x22;
const LF = 0x0a;

/**
 * Returns the position behind the last whole row: behind the last line end that is not within quotes. Only the quotes from the
 * file's beginning on say which line ends those are, so all of it is read.
 */
export async function wholeRows(handle: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(Math.min(CHUNK, size));
  let isQuoted = false;
  let end = 0;
  for (let start = 0; start < size; ) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, start);
    if (bytesRead === 0) break;
    for (let at = 0; at < bytesRead; at++) {
      if (chunk[at] === QUOTE) isQuoted = !isQuoted;
      else if (chunk[at] === LF && !isQuoted) end = start + at + 1;
    }
    start += bytesRead;
  }
  return end;
}
