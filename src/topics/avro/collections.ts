import { type ArrayType, type AvroType, avsc, type Hook, type MapType, type Tap } from './library.ts';
import { isText, readText, writeText } from './primitives.ts';

/**
 * Arrays and maps that survive bad bytes. avsc trusts the count it reads, and continues behind the end of the bytes: a record of
 * garbage could keep it busy for hours. Here a count must fit in the bytes that are left, with some room for items of no size
 * (nulls, empty records).
 */
const SIZELESS_ITEMS = 65_536;

type Make<T> = new (schema: unknown, options: object) => T;

let array: Make<ArrayType> | undefined;
let map: Make<MapType> | undefined;

export function arrayType(schema: unknown, options: object): AvroType {
  array ??= class extends avsc().types.ArrayType {
    override _read(tap: Tap): unknown[] {
      return readArray(tap, this.itemsType);
    }

    override _skip(tap: Tap): void {
      skipBlocks(tap, () => this.itemsType._skip(tap));
    }
  };
  return new array(schema, options);
}

export function mapType(schema: unknown, options: object): AvroType {
  map ??= class extends avsc().types.MapType {
    override _read(tap: Tap): Record<string, unknown> {
      return readMap(tap, this.valuesType);
    }

    override _skip(tap: Tap): void {
      skipBlocks(tap, () => {
        tap.skipString();
        this.valuesType._skip(tap);
      });
    }

    override _check(value: unknown, flags: unknown, hook: Hook, path: string[]): boolean {
      if (isMap(value) && Object.keys(value).every(isText)) return super._check(value, flags, hook, path);
      hook?.(value, this);
      return false;
    }

    override _write(tap: Tap, value: unknown): void {
      if (!isMap(value)) throw new Error('not an object of named values');
      writeMap(tap, value, this.valuesType);
    }
  };
  return new map(schema, options);
}

/** The count of the next block, 0 at the end; blocks that name their size have it skipped. */
function blockCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  const left = tap.buf.length - tap.pos;
  if (count > left + SIZELESS_ITEMS) throw new Error(`truncated: ${count} items in ${Math.max(0, left)} bytes`);
  return count;
}

/** Other objects have no properties, or other ones than their content. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Map || value instanceof Date || value instanceof Uint8Array);
}

function writeMap(tap: Tap, value: Readonly<Record<string, unknown>>, values: { _write(tap: Tap, value: unknown): void }): void {
  const names = Object.keys(value);
  if (names.length > 0) tap.writeLong(names.length);
  for (const name of names) {
    writeText(tap, name);
    values._write(tap, value[name]);
  }
  tap.writeLong(0);
}

function skipBlocks(tap: Tap, skip: () => void): void {
  for (let count = blockCount(tap); count > 0; count = blockCount(tap)) while (count-- > 0) skip();
}

function readArray(tap: Tap, items: { _read(tap: Tap): unknown }): unknown[] {
  let read: unknown[] | undefined;
  let at = 0;
  for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
    // Made with its length: a tenth faster than growing.
    read ??= new Array(count);
    while (count-- > 0) read[at++] = items._read(tap);
  }
  return read ?? [];
}

function readMap(tap: Tap, values: { _read(tap: Tap): unknown }): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
    while (count-- > 0) {
      const key = readText(tap);
      const value = values._read(tap);
      if (key === '__proto__') Object.defineProperty(read, key, { value, writable: true, enumerable: true, configurable: true });
      else read[key] = value;
    }
  }
  return read;
}
