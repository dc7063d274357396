import { type ConnectValue, field, logical, schemaOf } from '../../connect-data/schema.ts';
import type { FieldType } from './field-type.ts';

const optional = { optional: true } as const;
const string = schemaOf('string');
const double = schemaOf('double');

const POINT = logical('struct', 'io.debezium.data.geometry.Point', {
  doc: 'Geometry (POINT)',
  fields: [field('x', double), field('y', double), field('wkb', schemaOf('bytes', optional)), field('srid', schemaOf('int32', optional))],
});
const GEOMETRY = logical('struct', 'io.debezium.data.geometry.Geometry', {
  version: 2,
  optional: true,
  doc: 'Geometry',
  fields: [
    field('wkb', schemaOf('bytes')),
    field('srid', schemaOf('int32', optional)),
    field('extensions', schemaOf('map', { keys: string, values: string, optional: true })),
  ],
});
const CIRCLE = logical('struct', 'io.debezium.data.geometry.Circle', {
  optional: true,
  doc: 'Geometry (CIRCLE)',
  fields: [field('center', POINT), field('radius', double)],
});
const LINE = logical('struct', 'io.debezium.data.geometry.Line', {
  optional: true,
  doc: 'Geometry (LINE)',
  fields: [field('a', double), field('b', double), field('c', double)],
});

type Xy = readonly [number, number];

function numbers(text: string): number[] {
  return (text.match(/[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|Infinity|NaN)/gi) ?? []).map(Number);
}

function pairs(text: string): Xy[] {
  const all = numbers(text);
  return Array.from({ length: all.length >> 1 }, (_, index) => [all[index * 2] ?? 0, all[index * 2 + 1] ?? 0]);
}

/** Well-known binary, little-endian (OGC 06-103r4). */
function wkb(kind: 1 | 2 | 3, points: readonly Xy[]): Buffer {
  const head = kind === 1 ? [] : kind === 2 ? [points.length] : [1, points.length];
  const bytes = Buffer.alloc(5 + head.length * 4 + points.length * 16);
  bytes[0] = 1;
  let at = 1;
  for (const count of [kind, ...head]) at = bytes.writeUInt32LE(count, at);
  for (const value of points.flat()) at = bytes.writeDoubleLE(value, at);
  return bytes;
}

function closed(ring: readonly Xy[]): readonly Xy[] {
  const [first, last] = [ring[0], ring.at(-1)];
  if (first === undefined || last === undefined || ring.length < 2) return ring;
  return first[0] === last[0] && first[1] === last[1] ? ring : [...ring, first];
}

function pointValue([x, y]: Xy): ConnectValue {
  return [x, y, wkb(1, [[x, y]]), null];
}

function shape(kind: string, bytes: Buffer, more: Readonly<Record<string, string>> = {}): ConnectValue {
  return [bytes, null, new Map(Object.entries({ type: kind, ...more }))];
}

function type(schema: FieldType['schema'], convert: FieldType['convert'], zero: ConnectValue): FieldType {
  return { schema, convert, zero, unchanged: null };
}

function box(text: string): ConnectValue {
  const [[x1, y1] = [0, 0], [x2, y2] = [0, 0]] = pairs(text);
  return shape(
    'box',
    wkb(3, [
      [x1, y1],
      [x1, y2],
      [x2, y2],
      [x2, y1],
      [x1, y1],
    ]),
  );
}

function path(text: string): ConnectValue {
  return shape('path', wkb(2, pairs(text)), { closed: String(!text.startsWith('[')) });
}

function circle(text: string): ConnectValue {
  const [x = 0, y = 0, radius = 0] = numbers(text);
  return [pointValue([x, y]), radius];
}

/** By the type's name. */
export const geometry: ReadonlyMap<string, FieldType> = new Map(
  Object.entries({
    point: type(POINT, (text) => pointValue(pairs(text)[0] ?? [0, 0]), pointValue([0, 0])),
    box: type(
      GEOMETRY,
      box,
      shape(
        'box',
        wkb(3, [
          [0, 0],
          [0, 1],
          [1, 1],
          [1, 0],
          [0, 0],
        ]),
      ),
    ),
    lseg: type(
      GEOMETRY,
      (text) => shape('lseg', wkb(2, pairs(text))),
      shape(
        'lseg',
        wkb(2, [
          [0, 0],
          [1, 0],
        ]),
      ),
    ),
    path: type(
      GEOMETRY,
      path,
      shape(
        'path',
        wkb(2, [
          [0, 0],
          [1, 0],
        ]),
      ),
    ),
    polygon: type(
      GEOMETRY,
      (text) => shape('polygon', wkb(3, closed(pairs(text)))),
      shape(
        'polygon',
        wkb(3, [
          [0, 0],
          [1, 0],
          [0, 1],
          [0, 0],
        ]),
      ),
    ),
    circle: type(CIRCLE, circle, [pointValue([0, 0]), 0]),
    line: type(LINE, numbers, [0, 1, 0]),
  }),
);
