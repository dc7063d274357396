import { ConfigError } from '../../errors.ts';
import { NUMBER_TYPES, type NumberType } from './ubjson-numbers.ts';

const MAX_DEPTH = 64;
const LONG = NUMBER_TYPES.get('L');

/** Returns the start of the content, after a byte order mark. */
export function skipByteOrderMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** True for UBJSON, which XGBoost tells from JSON by the type of the first key's length. */
export function isUbjson(bytes: Uint8Array): boolean {
  const start = skipByteOrderMark(bytes);
  return bytes[start] === 0x7b && 'iUIlL$#'.includes(String.fromCharCode(bytes[start + 1] ?? 0));
}

/**
 * Reads one UBJSON value (ubjson.org, draft 12): the result of JSON.parse, but with typed number arrays (`[$d#...`) as
 * typed arrays, and objects without prototype. 64-bit integers beyond 2^53, the type `H` (decimal text), repeated keys, a nesting
 * deeper than 64, and any byte after the value are refused.
 *
 * @throws ConfigError with the offset of the first byte that does not fit
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
    if (this.#at < this.#bytes.length) throw this.#damaged(`${this.#bytes.length - this.#at} bytes after the end`);
  }

  /** Returns the next type marker; no-ops are skipped. */
  marker(): string {
    let byte = this.#byte();
    while (byte === 0x4e) byte = this.#byte();
    return String.fromCharCode(byte);
  }

  value(marker: string, depth: number): unknown {
    const type = NUMBER_TYPES.get(marker);
    if (type !== undefined) return this.#number(type);
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
        throw this.#damaged(`${JSON.stringify(marker)} is not a type that is read here`, 1);
    }
  }

  #object(depth: number): Record<string, unknown> {
    const { type, count } = this.#container(depth, '{');
    const object: Record<string, unknown> = Object.create(null);
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
    const numbers = type === undefined ? undefined : NUMBER_TYPES.get(type);
    if (count !== undefined && numbers !== undefined) return this.#numbers(numbers, count);
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
      // Values without bytes of their own: a few bytes could announce billions of them.
      if ('TFZN'.includes(type)) throw this.#damaged(`a container of ${type} is not read here`, 1);
      if (!this.#closes(0x23)) throw this.#damaged('a container with a type must have a count');
      return { type, count: this.#count(type) };
    }
    return { type, count: this.#closes(0x23) ? this.#count(undefined) : undefined };
  }

  #count(type: string | undefined): number {
    const count = this.#length();
    const least = type === undefined ? 1 : (NUMBER_TYPES.get(type)?.size ?? 1);
    this.#need(count * least);
    return count;
  }

  #numbers(type: NumberType, count: number): ArrayLike<number> {
    const list = type.list(count);
    for (let i = 0; i < count; i++) list[i] = this.#checked(type, type.read(this.#view, this.#at + i * type.size));
    this.#at += count * type.size;
    return list;
  }

  #number(type: NumberType): number {
    this.#need(type.size);
    const value = this.#checked(type, type.read(this.#view, this.#at));
    this.#at += type.size;
    return value;
  }

  #checked(type: NumberType, value: number): number {
    if (type === LONG && !Number.isSafeInteger(value)) throw this.#damaged(`the integer ${value} is too large`);
    return value;
  }

  #length(): number {
    const marker = this.marker();
    const type = 'iUIlL'.includes(marker) ? NUMBER_TYPES.get(marker) : undefined;
    if (type === undefined) throw this.#damaged(`a length must be an integer, got type ${JSON.stringify(marker)}`, 1);
    const length = this.#number(type);
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
      throw this.#damaged('a string that is not UTF-8');
    }
  }

  /** Takes the byte, if it is the next one; returns true then. */
  #closes(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #byte(): number {
    this.#need(1);
    return this.#bytes[this.#at++] ?? 0;
  }

  #need(bytes: number): void {
    const left = this.#bytes.length - this.#at;
    if (bytes > left) throw this.#damaged(`${bytes} bytes are announced, ${left} are left`);
  }

  #damaged(what: string, back = 0): ConfigError {
    return new ConfigError(`damaged UBJSON at byte ${this.#at - back}: ${what}`);
  }
}
