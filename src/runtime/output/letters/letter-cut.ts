import type { Encoded } from '../../../topics/index.ts';

/** Names what a cut letter lacks of the record: `value 3000000` (its size in bytes), then `headers` and `key` where they are missing. */
const CUT_HEADER = 'streamer.dlq.cut';
const STACK = 'streamer.dlq.stack';
const MESSAGE = 'streamer.dlq.message';

/** First size of a value that is cut: fits the `max.message.bytes` that brokers have by default (1,048,588). */
const FIRST_BYTES = 1_000_000;
const LEAST_BYTES = 1_000;

/**
 * A letter in smaller and smaller forms, for topics that refuse it for its size: first its value is cut to 1,000,000 bytes
 * and then to half of that again and again; then the record's own headers and its key are left out, and at last the error's stack and
 * most of its message. Its place in the source topic is always there.
 */
export class LetterCut {
  readonly #whole: Encoded;
  readonly #own: Encoded['headers'];
  #bytes: number;
  /** The value, the headers and the key have been left out. */
  #isBare = false;
  #isShort = false;

  /** @param own the headers of the letter without those of the record */
  constructor(whole: Encoded, own: Encoded['headers']) {
    this.#whole = whole;
    this.#own = own;
    this.#bytes = 2 * Math.min(FIRST_BYTES, whole.value?.length ?? 0);
  }

  /** The last form: the place and the code stay whole. */
  #withShortError(cut: string): Encoded | undefined {
    if (this.#isShort) return undefined;
    this.#isShort = true;
    const { [STACK]: _stack, [MESSAGE]: message, ...place } = { ...this.#own };
    const error = Buffer.isBuffer(message) ? { [MESSAGE]: shortened(message) } : {};
    return { ...this.#whole, key: null, value: null, headers: { ...place, ...error, ...noteOf(cut) } };
  }

  /** Returns the next smaller form; undefined when there is none. */
  next(): Encoded | undefined {
    const { value } = this.#whole;
    const cut = `value ${value?.length ?? 0}`;
    if (this.#isBare) return this.#withShortError(`${cut}, headers, key, error`);
    this.#bytes = Math.floor(this.#bytes / 2);
    if (value !== null && this.#bytes >= LEAST_BYTES) {
      return { ...this.#whole, value: value.subarray(0, this.#bytes), headers: { ...this.#whole.headers, ...noteOf(cut) } };
    }
    this.#isBare = true;
    return { ...this.#whole, key: null, value: null, headers: { ...this.#own, ...noteOf(`${cut}, headers, key`) } };
  }
}

/** Beginnings of texts: enough to see what the error was. */
const SHORT_BYTES = 100;

function shortened(text: Buffer): Buffer {
  return text.length <= SHORT_BYTES ? text : Buffer.from(`${text.toString('utf8', 0, SHORT_BYTES).replace(/\uFFFD+$/, '')}...`);
}

function noteOf(cut: string): Record<string, Buffer> {
  return { [CUT_HEADER]: Buffer.from(cut) };
}
