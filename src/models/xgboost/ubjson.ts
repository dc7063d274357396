import { ConfigError } from '../../errors.ts';

const MAX_DEPTH = 64;

/** Where the content begins: behind a byte order mark. */
export function skipByteOrderMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Is it UBJSON, and not JSON? Told apart as XGBoost does, by the type of the first key's length. */
export function isUbjson(bytes: Uint8Array): boolean {
  const start = skipByteOrderMark(bytes);
  return bytes[start] === 0x7b && 'iUIlL$#'.includes(String.fromCharCode(bytes[start + 1] ?? 0));
}

/** Bytes of one value of a typed container, and how to read them all at once. Big endian, as UBJSON (ubjson.org, draft 12) has it. */
const NUMBERS: Readonly<Record<string, { readonly size: number; readonly read: (view: DataView, at: number) => number }>> = {
  i: { size: 1, read: (view, at) => view.getInt8(at) },
  U: { size: 1, read: (view, at) => view.getUint8(at) },
  I: { size: 2, read: (view, at) => view.getInt16(at) },
  l: { size: 4, read: (view, at) => view.getInt32(at) },
  L: { size: 8, read: (view, at) => Number(view.getBigInt64(at)) },
  d: { size: 4, read: (view, at) => view.getFloat32(at) },
  D: { size: 8, read: (view, at) => view.getFloat64(at) },
};

const LISTS: Readonly<Record<string, (length: number) => { [index: number]: number; readonly length: number }>> = {
  i: (length) => new Int8Array(length),
  U: (length) => new Uint8Array(length),
  I: (length) => new Int16Array(length),
  l: (length) => new Int32Array(length),
  L: (length) => new Float64Array(length),
  d: (length) => new Float32Array(length),
  D: (length) => new Float64Array(length),
};

/**
 * Reads one UBJSON value (ubjson.org, draft 12): what JSON.parse would give, but typed number arrays (`[$d#...`) as typed
 * arrays, and objects without prototype. 64-bit whole numbers beyond 2^53, the type `H` (decimal text), repeated keys, a nesting
 * deeper than 64, and any byte behind the value are refused.
 *
 * @throws ConfigError with the offset at which the bytes stop making sense
 */
export function readUbjson(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(reader.marker(), 0);
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw this.#damaged(`${this.#bytes.length - this.#at} bytes behind the end`);
  }

  /** The next type marker; no-ops are passed over. */
  marker(): string {
    let byte = this.#byte();
    while (byte === 0x4e) byte = this.#byte();
    return String.fromCharCode(byte);
  }

  value(marker: string, depth: number): unknown {
    if (marker in NUMBERS) return this.#number(marker);
    switch (marker) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case 'S':
        return this.#text(this.#length());
      case 'C':
        return this.#text(1);
      case 'T':
        return true;
      case 'F':
        return false;
      case 'Z':
        return null;
      default:
        throw this.#damaged(`${JSON.stringify(marker)} is no type that is read here`, 1);
    }
  }

  #object(depth: number): Record<string, unknown> {
    const { type, count } = this.#container(depth, '{');
    const object = Object.create(null) as Record<string, unknown>;
    for (let read = 0; count === undefined || read < count; read++) {
      if (count === undefined && this.#closes(0x7d)) return object;
      const key = this.#text(this.#length());
      if (key in object) throw this.#damaged(`the key ${JSON.stringify(key)} comes twice`);
      object[key] = this.value(type ?? this.marker(), depth);
    }
    return object;
  }

  #array(depth: number): unknown {
    const { type, count } = this.#container(depth, '[');
    if (count !== undefined && type !== undefined && type in NUMBERS) return this.#numbers(type, count);
    const list: unknown[] = [];
    for (let read = 0; count === undefined || read < count; read++) {
      if (count === undefined && this.#closes(0x5d)) return list;
      list.push(this.value(type ?? this.marker(), depth));
    }
    return list;
  }

  /** The optional `$type` and `#count` of a container; a type without count is not allowed. */
  #container(depth: number, opening: string): { type: string | undefined; count: number | undefined } {
    if (depth > MAX_DEPTH) throw this.#damaged(`${opening} is nested deeper than ${MAX_DEPTH}`, 1);
    let type: string | undefined;
    if (this.#closes(0x24)) {
      type = String.fromCharCode(this.#byte());
      // Of those without bytes of their own, a few bytes could announce thousands of millions.
      if ('TFZN'.includes(type)) throw this.#damaged(`a container of ${type} is not read here`, 1);
      if (!this.#closes(0x23)) throw this.#damaged('a container with a type must have a count');
      return { type, count: this.#count(type) };
    }
    return { type, count: this.#closes(0x23) ? this.#count(undefined) : undefined };
  }

  #count(type: string | undefined): number {
    const count = this.#length();
    const least = type === undefined ? 1 : (NUMBERS[type]?.size ?? 1);
    this.#need(count * least);
    return count;
  }

  #numbers(type: string, count: number): ArrayLike<number> {
    const { size, read } = NUMBERS[type] as (typeof NUMBERS)[string];
    const list = (LISTS[type] as (typeof LISTS)[string])(count);
    for (let i = 0; i < count; i++) list[i] = read(this.#view, this.#at + i * size);
    if (type === 'L') this.#checkWhole(list);
    this.#at += count * size;
    return list;
  }

  #checkWhole(list: ArrayLike<number>): void {
    for (let i = 0; i < list.length; i++)
      if (!Number.isSafeInteger(list[i])) throw this.#damaged(`the whole number ${list[i]} is too large`);
  }

  #number(type: string): number {
    const { size, read } = NUMBERS[type] as (typeof NUMBERS)[string];
    this.#need(size);
    const value = read(this.#view, this.#at);
    if (type === 'L' && !Number.isSafeInteger(value)) throw this.#damaged(`the whole number ${value} is too large`);
    this.#at += size;
    return value;
  }

  #length(): number {
    const marker = this.marker();
    if (!'iUIlL'.includes(marker)) throw this.#damaged(`a length must be a whole number, got type ${JSON.stringify(marker)}`, 1);
    const length = this.#number(marker);
    if (length < 0) throw this.#damaged(`a length of ${length}`);
    return length;
  }

  #text(length: number): string {
    this.#need(length);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    try {
      const text = this.#utf8.decode(bytes);
      this.#at += length;
      return text;
    } catch {
      throw this.#damaged('a text that is not UTF-8');
    }
  }

  /** Takes the byte, if it is the next. */
  #closes(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #byte(): number {
    this.#need(1);
    return this.#bytes[this.#at++] as number;
  }

  #need(bytes: number): void {
    const left = this.#bytes.length - this.#at;
    if (bytes > left) throw this.#damaged(`${bytes} bytes are announced, ${left} are left`);
  }

  #damaged(what: string, back = 0): ConfigError {
    return new ConfigError(`damaged UBJSON at byte ${this.#at - back}: ${what}`);
  }
}
