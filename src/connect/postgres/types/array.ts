import { type ConnectValue, optionalOf, schemaOf } from '../../data/schema.ts';
import { type FieldType, PLACEHOLDER } from './field-type.ts';

/** An element, null, or a nested array of them. */
type Parsed = string | null | readonly Parsed[];

/** `{a,NULL,"c d",{…}}`, with bounds before it if they do not start at 1 (PostgreSQL's manual, "Array Input and Output Syntax"). */
function parseArray(text: string, delimiter: string): readonly Parsed[] {
  const start = text.indexOf('{');
  if (start < 0 || !text.endsWith('}')) throw new RangeError(`"${text}" is not an array`);
  return readList(text, start, delimiter).items;
}

function readList(text: string, start: number, delimiter: string): { items: Parsed[]; end: number } {
  const items: Parsed[] = [];
  let at = start + 1;
  while (text[at] !== '}' && at < text.length) {
    if (text[at] === delimiter) at++;
    const read =
      text[at] === '{' ? readNested(text, at, delimiter) : text[at] === '"' ? readQuoted(text, at) : readPlain(text, at, delimiter);
    items.push(read.item);
    at = read.end;
  }
  return { items, end: at + 1 };
}

function readNested(text: string, start: number, delimiter: string): { item: Parsed; end: number } {
  const { items, end } = readList(text, start, delimiter);
  return { item: items, end };
}

function readQuoted(text: string, start: number): { item: Parsed; end: number } {
  let item = '';
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\') at++;
    item += text[at++];
  }
  return { item, end: at + 1 };
}

function readPlain(text: string, start: number, delimiter: string): { item: Parsed; end: number } {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '}') end++;
  const item = text.slice(start, end);
  return { item: item === 'NULL' ? null : item, end };
}

/** An array of one element type; elements may be null. `delimiter` is `;` for boxes, else a comma. */
export function array(element: FieldType, delimiter = ','): FieldType {
  const each = (item: Parsed): ConnectValue => (item === null ? null : typeof item === 'string' ? element.convert(item) : item.map(each));
  return {
    schema: schemaOf('array', { items: optionalOf(element.schema) }),
    convert: (text) => parseArray(text, delimiter).map(each),
    zero: [],
    unchanged: unchangedArray(element),
  };
}

/** Numbers have no room for the placeholder: its bytes stand for it, one an element. */
function unchangedArray({ schema, unchanged }: FieldType): ConnectValue {
  if (schema.type === 'int16' || schema.type === 'int32' || schema.type === 'int64') return [...Buffer.from(PLACEHOLDER)];
  return schema.type === 'string' || schema.type === 'bytes' ? [unchanged] : [];
}
