import { messageOf } from '../../errors.ts';
import { preview } from '../../options/index.ts';
import type { SerdeContext } from '../serde.ts';
import { SerdeError } from '../serde-error.ts';
import { describeType } from './describe.ts';
import { isArray, isLogical, isMapType, isRecord, isUnion } from './kinds.ts';
import type { AvroType } from './library.ts';

/** The error for a value that could not be written: it lists every field that does not fit. */
export function unwritable(type: AvroType, value: unknown, cause: unknown, { topic, part }: SerdeContext): SerdeError {
  const faults: Array<{ readonly path: string; readonly text: string }> = [];
  const errorHook = (path: string[], got: unknown, expected: AvroType) => {
    const at = pathOf(path);
    faults.push({
      path: at,
      text: `${at || '(whole value)'}: expected ${describeType(expected)}, got ${preview(got)}${hint(expected, got)}`,
    });
  };
  try {
    type.isValid(value, { errorHook });
  } catch {
    // A getter of the value, as it may have been before.
  }
  const shown = faults.slice(0, 5).map(({ text }) => text);
  const more = faults.length > shown.length ? ` (and ${faults.length - shown.length} more)` : '';
  const what = shown.length > 0 ? shown.join('; ') + more : messageOf(cause);
  return new SerdeError('VALIDATION', `${part}: ${what}`, { topic, path: faults[0]?.path ?? '', cause });
}

function hint({ typeName }: AvroType, got: unknown): string {
  const isTooLarge = typeName === 'long' && (typeof got === 'bigint' || (Number.isInteger(got) && !Number.isSafeInteger(got)));
  return isTooLarge ? ": beyond 2^53, and as a bigint, it is written with long: 'bigint'" : '';
}

function pathOf(parts: readonly string[]): string {
  return parts.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '');
}

/** The error for bytes that could not be read: it names the first field of the writer's schema that is missing or wrong. */
export function unreadable(writer: AvroType, bytes: Buffer, at: number, cause: unknown, { topic, part }: SerdeContext): SerdeError {
  const search = new Search(bytes);
  const fault = search.find(writer, at);
  const end = fault === undefined ? search.end(writer, at) : undefined;
  if (end !== undefined && end < bytes.length) {
    const text = `${part}: ${describeType(writer)} ends at byte ${end}, and ${bytes.length - end} more follow`;
    return new SerdeError('DECODE', text, { topic, cause });
  }
  const reason = cause instanceof Error && !(cause instanceof TypeError) ? cause.message : undefined;
  const path = fault === undefined ? '' : fault.path;
  const expected = describeType(fault?.type ?? writer);
  const got = fault === undefined ? preview(bytes.subarray(at)) : shownAt(bytes, fault.at);
  const why = reason === undefined || /^(truncated|trailing)/.test(reason) ? '' : ` (${reason})`;
  return new SerdeError('DECODE', `${part}: ${path === '' ? '' : `${path}: `}expected ${expected}, got ${got}${why}`, {
    topic,
    path,
    cause,
  });
}

function shownAt(bytes: Buffer, at: number): string {
  return at >= bytes.length ? `the end of the bytes (${bytes.length})` : `${preview(bytes.subarray(at))} at byte ${at}`;
}

interface Fault {
  readonly path: string;
  readonly type: AvroType;
  readonly at: number;
}

/** Levels that are looked into: each reads again what is below it. */
const DEEPEST = 32;

/** Reads again, a part at a time. Only ever done for a record that failed. */
class Search {
  readonly #bytes: Buffer;
  #levels = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The innermost part that cannot be read; undefined when all of it can. */
  find(type: AvroType, at: number, path = ''): Fault | undefined {
    if (this.end(type, at) !== undefined) return undefined;
    const isDeep = ++this.#levels > DEEPEST;
    return (isDeep ? undefined : this.#inside(type, at, path)) ?? { path, type, at };
  }

  #inside(type: AvroType, at: number, path: string): Fault | undefined {
    if (isLogical(type)) return undefined;
    if (isUnion(type)) {
      const index = this.#varint(at);
      const branch = index === undefined ? undefined : type.types[index.value];
      return branch === undefined ? undefined : this.find(branch, index!.end, path);
    }
    if (isRecord(type)) {
      const fields = type.fields.map((field) => ({
        type: field.type,
        path: path === '' ? field.name : `${path}.${field.name}`,
      }));
      return this.#sequence(fields, at).fault;
    }
    if (isArray(type)) return this.#items(type.itemsType, at, (index) => `${path}[${index}]`);
    if (isMapType(type)) return this.#items(type.valuesType, at, () => `${path}.*`, true);
    return undefined;
  }

  #sequence(
    parts: ReadonlyArray<{ readonly type: AvroType; readonly path: string }>,
    from: number,
  ): { fault?: Fault | undefined; at: number } {
    let at = from;
    for (const { type, path } of parts) {
      const end = this.end(type, at);
      if (end === undefined) return { fault: this.find(type, at, path), at };
      at = end;
    }
    return { at };
  }

  #items(type: AvroType, from: number, pathAt: (index: number) => string, hasKeys = false): Fault | undefined {
    let at = from;
    for (let index = 0; ; ) {
      const block = this.#block(at);
      if (block.count === 0) return undefined;
      at = block.at;
      for (let left = block.count; left > 0; left--, index++) {
        if (hasKeys) at = this.#afterKey(at);
        const { fault, at: next } = this.#sequence([{ type, path: pathAt(index) }], at);
        if (fault !== undefined) return fault;
        at = next;
      }
    }
  }

  /** The number of items that follow. An impossible count gives 0: then the collection itself cannot be read. */
  #block(at: number): { count: number; at: number } {
    const count = this.#varint(at);
    if (count === undefined || Math.abs(count.value) > this.#bytes.length) return { count: 0, at };
    const size = count.value < 0 ? this.#varint(count.end) : undefined;
    return { count: Math.abs(count.value), at: size?.end ?? count.end };
  }

  #afterKey(at: number): number {
    const length = this.#varint(at);
    return length === undefined ? at : length.end + Math.max(0, length.value);
  }

  /** Where the part ends; undefined when it cannot be read. */
  end(type: AvroType, at: number): number | undefined {
    try {
      const { offset } = type.decode(this.#bytes, at);
      return offset < 0 ? undefined : offset;
    } catch {
      return undefined;
    }
  }

  /** Zigzag, as Avro writes whole numbers. */
  #varint(at: number): { value: number; end: number } | undefined {
    let value = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[at + index];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value: value % 2 === 0 ? value / 2 : -(value + 1) / 2, end: at + index + 1 };
    }
    return undefined;
  }
}
