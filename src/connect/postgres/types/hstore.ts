import { jsonText } from '../../data/json-text.ts';
import { type ConnectValue, logical, schemaOf } from '../../data/schema.ts';
import { type FieldType, PLACEHOLDER, type TypeOptions } from './field-type.ts';

/** `"a"=>"1", "b"=>NULL` */
function parse(text: string): Map<string, string | null> {
  const all = new Map<string, string | null>();
  for (const [, key, value] of text.matchAll(/"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)/gs)) {
    all.set(unescaped(key!), value === undefined ? null : unescaped(value));
  }
  return all;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function asJson(all: ReadonlyMap<string, string | null>): string {
  return `{${[...all].map(([key, value]) => `${jsonText(key)}:${value === null ? 'null' : jsonText(value)}`).join(',')}}`;
}

export function hstore(mode: TypeOptions['hstore']): FieldType {
  const placeholder = new Map([[PLACEHOLDER, PLACEHOLDER]]);
  if (mode === 'json') {
    return {
      schema: logical('string', 'io.debezium.data.Json'),
      convert: (text) => asJson(parse(text)),
      zero: '{}',
      unchanged: asJson(placeholder),
    };
  }
  return {
    schema: schemaOf('map', { keys: schemaOf('string'), values: schemaOf('string', { optional: true }) }),
    convert: (text): ConnectValue => parse(text),
    zero: new Map(),
    unchanged: placeholder,
  };
}
