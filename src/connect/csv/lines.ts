export interface Line {
  /** Counted from 1. */
  readonly line: number;
  /** Without its line end. A line that is too long is cut. */
  readonly text: string;
  readonly tooLong: boolean;
  readonly end: '\n' | '\r\n' | '\r';
}

/** Splits text into lines that end with `\n`, `\r\n` or `\r`; a line beyond `maxLength` characters is cut, not kept in memory. */
export async function* splitLines(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<Line, void, undefined> {
  const lines = new Lines(maxLength);
  for await (const chunk of chunks) yield* lines.add(chunk);
  yield* lines.end();
}

class Lines {
  readonly #maxLength: number;
  #line = 1;
  #rest = '';
  #tooLong = false;
  /** The text so far ends with `\r`: a `\n` may follow. */
  #isOpen = false;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  *add(chunk: string): Generator<Line, void, undefined> {
    if (chunk === '') return;
    const text = this.#isOpen ? `\r${chunk}` : chunk;
    this.#isOpen = text.endsWith('\r');
    const last = text.length - (this.#isOpen ? 1 : 0);
    let at = 0;
    let cr = text.indexOf('\r');
    let lf = text.indexOf('\n');
    while (at < last) {
      if (cr >= 0 && cr < at) cr = text.indexOf('\r', at);
      if (lf >= 0 && lf < at) lf = text.indexOf('\n', at);
      const isCr = cr >= 0 && (lf < 0 || cr < lf);
      const end = isCr ? cr : lf;
      if (end < 0 || end >= last) break;
      const mark = isCr ? (lf === cr + 1 ? '\r\n' : '\r') : '\n';
      yield this.#take(text.slice(at, end), mark);
      at = end + mark.length;
    }
    this.#keep(text.slice(at, last));
  }

  *end(): Generator<Line, void, undefined> {
    if (this.#isOpen) yield this.#take('', '\r');
    else if (this.#rest !== '') yield this.#take('', '\n');
  }

  #take(text: string, end: Line['end']): Line {
    this.#keep(text);
    const taken = { line: this.#line, text: this.#rest, tooLong: this.#tooLong, end };
    this.#line++;
    this.#rest = '';
    this.#tooLong = false;
    return taken;
  }

  #keep(text: string): void {
    this.#rest += text;
    if (this.#rest.length <= this.#maxLength) return;
    this.#rest = this.#rest.slice(0, this.#maxLength);
    this.#tooLong = true;
  }
}
