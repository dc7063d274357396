import { type ArrayType, type AvroType, avsc, type MapType, type Tap } from './library.ts';

/**
 * Arrays and maps that bear bad bytes. avsc believes the count it reads, and goes on reading behind the end of the bytes:
 * a record of garbage could keep it busy for hours. A count has to fit in the bytes that are left, with some room for
 * items of no size (nulls, empty records).
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
  };
  return new array(schema, options);
}

export function mapType(schema: unknown, options: object): AvroType {
  map ??= class extends avsc().types.MapType {
    override _read(tap: Tap): Record<string, unknown> {
      return readMap(tap, this.valuesType);
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
      const key = tap.readString();
      const value = values._read(tap);
      if (key === '__proto__') Object.defineProperty(read, key, { value, writable: true, enumerable: true, configurable: true });
      else read[key] = value;
    }
  }
  return read;
}
