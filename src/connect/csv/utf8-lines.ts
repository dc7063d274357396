import { StreamerError } from '../../errors.ts';
import { splitLines } from './lines.ts';
import { badByteIn, decodeText } from './text.ts';

/**
 * Reads lines of UTF-8 that end with `\n`, `\r\n` or `\r`.
 *
 * @param source names the bytes in an error, as `standard input`
 * @throws StreamerError `DECODE` at the first line that is not UTF-8, with its number
 */
export async function* utf8Lines(chunks: AsyncIterable<Buffer>, source: string): AsyncGenerator<string, void, undefined> {
  for await (const { line, text } of splitLines(decodeText(chunks, 'utf-8'), Number.POSITIVE_INFINITY)) {
    const bad = badByteIn(text);
    if (bad !== undefined)
      throw new StreamerError('DECODE', `${source}: line ${line} is not UTF-8 from character ${bad.before.length + 1} on (${bad.byte})`);
    yield text;
  }
}
