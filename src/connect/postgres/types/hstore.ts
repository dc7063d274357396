import { jsonTextInText } from '../../connect-data/json-text.ts';
import { type ConnectValue, logical, schemaOf } from '../../connect-data/schema.ts';
import { type FieldType, PLACEHOLDER, type TypeOptions } from './field-type.ts';

/** Returns the entries in the order of Java's HashMap: by bucket. It doubles the buckets when three quarters are taken. */
function inJavaOrder(all: ReadonlyMap<string, string | null>): Map<string, string | null> {
  let buckets = 16;
  while (all.size > buckets * 0.75) buckets *= 2;
  const bucketOf = (key: string) => {
    let hash = 0;
    for (let at = 0; at < key.length; at++) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0;
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return new Map([...all].sort(([a], [b]) => bucketOf(a) - bucketOf(b)));
}

/** `"a"=>"1", "b"=>NULL` */
function parse(text: string): Map<string, string | null> {
  const all = new Map<string, string | null>();
  for (const [, key = '', value] of text.matchAll(/"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)/gs)) {
    all.set(unescaped(key), value === undefined ? null : unescaped(value));
  }
  return inJavaOrder(all);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function asJson(all: ReadonlyMap<string, string | null>): string {
  return `{${[...all].map(([key, value]) => `${jsonTextInText(key)}:${value === null ? 'null' : jsonTextInText(value)}`).join(',')}}`;
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
