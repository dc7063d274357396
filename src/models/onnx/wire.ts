/** One field of a protobuf message (https://protobuf.dev/programming-guides/encoding/). */
export interface WireField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 bytes with a length, 5 four bytes. */
  readonly type: number;
  /** The whole field, tag included. */
  readonly bytes: Uint8Array;
  /** The content of a field with a length; of any other, the bytes after the tag. */
  readonly content: Uint8Array;
}

const LENGTH = 2;

/** @throws RangeError when the bytes are not a message */
export function fieldsOf(message: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  for (let at = 0; at < message.length; ) {
    const start = at;
    const tag = varint(message, at);
    const type = tag.value & 7;
    let end = tag.end;
    let content = tag.end;
    if (type === 0) end = varint(message, end).end;
    else if (type === 1) end += 8;
    else if (type === 5) end += 4;
    else if (type === LENGTH) {
      const length = varint(message, end);
      content = length.end;
      end = length.end + length.value;
    } else throw new RangeError(`wire type ${type} at ${start}`);
    if (end > message.length) throw new RangeError(`the field at ${start} is cut off`);
    fields.push({ number: Math.floor(tag.value / 8), type, bytes: message.subarray(start, end), content: message.subarray(content, end) });
    at = end;
  }
  return fields;
}

/** Returns the number of items of a repeated integer field, packed or not. */
export function countOf(fields: readonly WireField[], number: number): number {
  const own = fields.filter((field) => field.number === number);
  // The last byte of each varint has its high bit clear.
  return own.reduce((sum, { type, content }) => sum + (type === LENGTH ? content.filter((byte) => byte < 128).length : 1), 0);
}

export function textOf(fields: readonly WireField[], number: number): string {
  const field = fields.find((one) => one.number === number);
  return field === undefined ? '' : new TextDecoder().decode(field.content);
}

export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** Returns a field with a length: a string, or a message. */
export function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([written(number * 8 + LENGTH), written(bytes.length), bytes]);
}

export function whole(number: number, value: number): Uint8Array {
  return Buffer.concat([written(number * 8), written(value)]);
}

/** Reads up to 53 bits; of a longer one (a negative number) only the end is right. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let end = at, scale = 1; end < at + 10; end++, scale *= 128) {
    const byte = bytes[end];
    if (byte === undefined) break;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: end + 1 };
  }
  throw new RangeError(`no number at ${at}`);
}

function written(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
