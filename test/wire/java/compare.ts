import { apiCodec } from '../../../src/wire/api.ts';
import type { AnyField, Fields } from '../../../src/wire/field.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';
import { type JavaMessage, TABLES } from './messages.ts';

type Struct = Readonly<Record<string, unknown>>;

/** Sentences about what our tables read or write differently; none when they agree with the Java client's. */
export function differences({ key, version, side, hex, fields }: JavaMessage): string[] {
  const api = TABLES.find((table) => table.key === key);
  if (api === undefined) return [`there is no table of request ${key}`];
  const { decode, encode } = apiCodec(api, version)[side];
  const reader = new Reader(Buffer.from(hex, 'hex'));
  const value = decode(reader);
  const writer = new Writer();
  encode(writer, value);
  const written = Buffer.concat(writer.finish()).toString('hex');
  return [
    ...(reader.remaining > 0 ? [`${reader.remaining} bytes are left over`] : []),
    ...structDifferences(side, value, fields, api[side], version),
    ...(written === hex ? [] : [`written back as ${written} instead of ${hex}`]),
  ];
}

/** Ordinary fields agree by their place, for names differ; tagged ones by their name, for those with a default value are left out. */
function structDifferences(path: string, ours: Struct, theirs: Struct, fields: Fields, version: number): string[] {
  const present = Object.entries(fields).filter(([, { since, until }]) => since <= version && version <= until);
  const tagged = present.filter(([, { tag }]) => tag !== undefined);
  const ordered = present.filter(([, { tag }]) => tag === undefined);
  const isTagged = (name: string) => tagged.some(([one]) => one === name);
  const places = Object.entries(theirs).filter(([name]) => !isTagged(name));
  if (places.length !== ordered.length)
    return [`${path} has ${ordered.length} fields, and Kafka's ${places.map(([name]) => name).join(', ')}`];
  return [
    ...ordered.flatMap(([name, field], i) => valueDifferences(`${path}.${name}`, ours[name], places[i]![1], field, version)),
    ...tagged
      .filter(([name]) => Object.hasOwn(theirs, name))
      .flatMap(([name, field]) => valueDifferences(`${path}.${name}`, ours[name], theirs[name], field, version)),
  ];
}

function valueDifferences(path: string, ours: unknown, theirs: unknown, field: AnyField, version: number): string[] {
  if (ours === null || theirs === null) return ours === theirs ? [] : [`${path} is ${ours} instead of ${theirs}`];
  if (field.type === 'struct') return structDifferences(path, ours as Struct, theirs as Struct, field.fields, version);
  if (field.type === 'array') {
    const [a, b] = [ours as unknown[], theirs as unknown[]];
    if (a.length !== b.length) return [`${path} has ${a.length} items instead of ${b.length}`];
    return a.flatMap((item, i) => valueDifferences(`${path}[${i}]`, item, b[i], field.item, version));
  }
  // Kafka prints no records; that they are written back is compared.
  if (field.type === 'records') return [];
  const printed = Buffer.isBuffer(ours) ? ours.toString('base64') : ours;
  return printed === theirs ? [] : [`${path} is ${printed} instead of ${theirs}`];
}
