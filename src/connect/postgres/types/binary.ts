import { logical, schemaOf } from '../../connect-data/schema.ts';
import { type FieldType, PLACEHOLDER, type TypeOptions } from './field-type.ts';
import { boolean } from './integer.ts';

const PLACEHOLDER_BYTES = Buffer.from(PLACEHOLDER);

/** bytea. The server writes it as `\x` and hex. */
export function binary(mode: TypeOptions['binary']): FieldType {
  const written = binaryWriter(mode);
  const schema = schemaOf(mode === 'bytes' ? 'bytes' : 'string');
  const unchanged = mode === 'hex' ? PLACEHOLDER : mode === 'bytes' ? PLACEHOLDER_BYTES : null;
  return { schema, convert: (text) => written(Buffer.from(text.slice(2), 'hex')), zero: written(Buffer.alloc(0)), unchanged };
}

/** An unknown type, as the bytes of its text, under `include.unknown.datatypes`. */
export function unknownType(mode: TypeOptions['binary']): FieldType {
  const written = binaryWriter(mode);
  return { ...binary(mode), convert: (text) => written(Buffer.from(text, 'utf8')) };
}

/** Returns what writes bytes in a mode. */
export function binaryWriter(mode: TypeOptions['binary']): (bytes: Buffer) => string | Buffer {
  if (mode === 'bytes') return (bytes) => bytes;
  if (mode === 'hex') return (bytes) => bytes.toString('hex');
  if (mode === 'base64') return (bytes) => bytes.toString('base64');
  // Java's URL-safe encoder pads, Node's does not.
  return (bytes) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** bit(n) and varbit(n); one bit is a boolean. 2147483647 stands for "no limit". */
export function bits(length: number): FieldType {
  if (length === 1) return { ...boolean, convert: (text) => text.includes('1') };
  return {
    schema: logical('bytes', 'io.debezium.data.Bits', { parameters: { length: String(length) } }),
    convert: littleEndian,
    zero: Buffer.alloc(0),
    unchanged: null,
  };
}

/** The last bit of the text is the lowest of the first byte. Zero bytes at the end are left out. */
function littleEndian(text: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil(text.length / 8));
  let used = 0;
  for (let bit = 0; bit < text.length; bit++) {
    if (text[text.length - 1 - bit] !== '1') continue;
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    used = (bit >> 3) + 1;
  }
  return bytes.subarray(0, used);
}
