export interface Line {
  /** Counted from 1. */
  readonly line: number;
  /** Without its line end. A line that is too long is cut. */
  readonly text: string;
  readonly tooLong: boolean;
  readonly end: '\n' | '\r\n';
}

/** Splits decoded text into lines ended by `\n` or `\r\n`; a line beyond `maxLength` characters is cut, not kept in memory. */
export async function* splitLines(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<Line, void, undefined> {
  let rest = '';
  let line = 1;
  let tooLong = false;
  const take = (text: string): Line => {
    const whole = rest + text;
    const end = whole.endsWith('\r') ? ('\r\n' as const) : ('\n' as const);
    const taken = { line, text: whole.slice(0, maxLength).replace(/\r$/, ''), tooLong: tooLong || whole.length > maxLength, end };
    rest = '';
    tooLong = false;
    line += 1;
    return taken;
  };
  for await (const chunk of chunks) {
    const parts = chunk.split('\n');
    const last = parts.pop() as string;
    for (const part of parts) yield take(part);
    rest += last;
    if (rest.length > maxLength) {
      rest = rest.slice(0, maxLength);
      tooLong = true;
    }
  }
  if (rest !== '') yield take('');
}
