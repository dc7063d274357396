import type { Encoded } from '../../../topics/index.ts';

/** Names what a cut letter lacks of the record: `value 3000000` (its size in bytes), then `headers` and `key` where they are missing. */
const CUT_HEADER = 'streamer.dlq.cut';

/** First size of a value that is cut: fits the `max.message.bytes` that brokers have by default (1,048,588). */
const FIRST_BYTES = 1_000_000;
const LEAST_BYTES = 1_000;

/**
 * A letter in smaller and smaller forms, for topics that refuse it for its size: first its value is cut to 1,000,000 bytes
 * and then to half of that again and again; then the record's own headers and its key are left out. Its place in the source
 * topic and the error are always there.
 */
export class LetterCut {
  readonly #whole: Encoded;
  readonly #own: Encoded['headers'];
  #bytes: number;

  /** @param own the headers of the letter without those of the record */
  constructor(whole: Encoded, own: Encoded['headers']) {
    this.#whole = whole;
    this.#own = own;
    this.#bytes = 2 * Math.min(FIRST_BYTES, whole.value?.length ?? 0);
  }

  /** Returns the next smaller form; undefined when there is none. */
  next(): Encoded | undefined {
    if (this.#bytes < 0) return undefined;
    const { value } = this.#whole;
    const cut = `value ${value?.length ?? 0}`;
    this.#bytes = Math.floor(this.#bytes / 2);
    if (value !== null && this.#bytes >= LEAST_BYTES) {
      return { ...this.#whole, value: value.subarray(0, this.#bytes), headers: { ...this.#whole.headers, ...noteOf(cut) } };
    }
    this.#bytes = -1;
    return { ...this.#whole, key: null, value: null, headers: { ...this.#own, ...noteOf(`${cut}, headers, key`) } };
  }
}

function noteOf(cut: string): Record<string, Buffer> {
  return { [CUT_HEADER]: Buffer.from(cut) };
}
