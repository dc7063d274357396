import { type ConnectValue, optionalOf, schemaOf } from '../../connect-data/schema.ts';
import { type FieldType, PLACEHOLDER } from './field-type.ts';

/** An element, null, or a nested array of them. */
type Parsed = string | null | readonly Parsed[];

/** Parses `{a,NULL,"c d",{…}}`, with bounds before it if they do not start at 1 (PostgreSQL's manual, "Array Input and Output Syntax"). */
function parseArray(text: string): readonly Parsed[] {
  const start = text.indexOf('{');
  if (!text.endsWith('}')) throw new RangeError(`"${text}" is not an array`);
  return readList(text, start).items;
}

function readList(text: string, start: number): { items: Parsed[]; end: number } {
  const items: Parsed[] = [];
  let at = start + 1;
  while (text[at] !== '}' && at < text.length) {
    if (text[at] === ',') at++;
    const read = text[at] === '{' ? readNested(text, at) : text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    items.push(read.item);
    at = read.end;
  }
  return { items, end: at + 1 };
}

function readNested(text: string, start: number): { item: Parsed; end: number } {
  const { items, end } = readList(text, start);
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

function readPlain(text: string, start: number): { item: Parsed; end: number } {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '}') end++;
  const item = text.slice(start, end);
  return { item: item === 'NULL' ? null : item, end };
}

export interface ArrayForm {
  /** Elements may be null. */
  readonly optional: boolean;
  /** @default none */
  readonly unchanged?: ConnectValue | undefined;
}

/**
 * An array of one element type. The schema has no room for arrays in arrays: null stands for them, as in Debezium for numbers. Where
 * elements may not be null, an array that has a null is null as a whole.
 */
export function array(element: FieldType, { optional, unchanged = null }: ArrayForm): FieldType {
  return {
    schema: schemaOf('array', { items: optional ? optionalOf(element.schema) : element.schema }),
    convert: (text) => {
      const items = parseArray(text).map((item) => (typeof item === 'string' ? element.convert(item) : null));
      return optional || !items.includes(null) ? items : null;
    },
    zero: [],
    unchanged,
  };
}

/** Returns what Debezium writes for unchanged arrays, by element type. An array of numbers holds the bytes of the text. */
export function unchangedArray(elementType: string, element: FieldType): ConnectValue {
  switch (elementType) {
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'json':
    case 'jsonb':
      return [PLACEHOLDER];
    case 'bytea':
      return Buffer.isBuffer(element.unchanged) ? [element.unchanged] : null;
    case 'int4':
    case 'int8':
      return [...Buffer.from(PLACEHOLDER)];
    case 'date':
      return element.schema.name === 'io.debezium.time.Date' ? [...Buffer.from(PLACEHOLDER)] : null;
    case 'uuid':
      return [PLACEHOLDER_UUID];
    default:
      return null;
  }
}

/** Of version 3: the MD5 of the placeholder, as Java's `UUID.nameUUIDFromBytes` gives it. */
const PLACEHOLDER_UUID = 'b68a35a7-17ad-35b3-af2a-ae46edb4545a';

/** int2vector and oidvector. They look like arrays and are not: Debezium finds no elements in them. */
export function vector(element: FieldType): FieldType {
  return { schema: schemaOf('array', { items: element.schema }), convert: (text) => (text === '' ? null : []), zero: [], unchanged: null };
}
