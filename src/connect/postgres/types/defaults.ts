import type { ConnectValue } from '../../connect-data/schema.ts';
import type { FieldType, PgType } from './field-type.ts';

/** Stands in a schema for a default that the server computes, as in Debezium, by type. */
const GENERATED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    bit: '00',
    varbit: '0',
    bool: 'f',
    bpchar: '',
    varchar: '',
    text: '',
    numeric: '0.0',
    float4: '0',
    float8: '0',
    int2: '0',
    int4: '0',
    int8: '0',
    json: '{}',
    jsonb: '{}',
    xml: '',
    uuid: '00000000-0000-0000-0000-000000000000',
    date: '1970-01-01',
    time: '00:00:00',
    timestamp: '1970-01-01 00:00:00',
    timestamptz: '1970-01-01 00:00:00+00',
    interval: '00:00:00',
  }),
);
const NUMBERS = new Set(['numeric', 'float4', 'float8', 'int2', 'int4', 'int8']);
const CALL = /^\(?[A-Za-z0-9_.]+\((?:.+(?:, ?.+)*)?\)/;
const NOW = /^(?:current_timestamp|current_time|current_date|localtime|localtimestamp)$/i;

/**
 * Returns a column's default as its schema shows it; undefined where there is none, or where only the server can compute it. The
 * result of a function is shown as the type's zero.
 *
 * @param expression as `pg_get_expr` writes it, of a default or of a generated column
 */
export function defaultOf(expression: string | null, pgType: PgType, type: FieldType): ConnectValue | undefined {
  // A struct cannot be a default: Kafka Connect fails on it (KAFKA-12694).
  if (expression === null || type.schema.type === 'struct') return undefined;
  const written = pgType.labels === undefined ? literalOf(expression, pgType.name) : labelOf(expression);
  if (written === undefined) return undefined;
  try {
    const value = type.convert(written);
    return typeof value === 'number' && Number.isNaN(value) && !written.includes('NaN') ? undefined : (value ?? undefined);
  } catch {
    return undefined;
  }
}

function literalOf(expression: string, type: string): string | undefined {
  const generated = GENERATED.get(type);
  if (generated === undefined) return undefined;
  if (CALL.test(expression) || NOW.test(expression)) return generated;
  if (expression.startsWith('NULL::')) return undefined;
  const quoted = /'([^']*(?:''[^']*)*)'/.exec(expression);
  if (quoted !== null) return normal((quoted[1] ?? '').replaceAll("''", "'"), type);
  if (NUMBERS.has(type) && !/^-?[\d.]+(?:e[+-]?\d+)?$/i.test(expression)) return undefined;
  return type === 'bool' ? (expression.toLowerCase() === 'true' ? 't' : 'f') : expression;
}

/** A literal is what the user wrote; a timestamp may lack its time of day there. */
function normal(text: string, type: string): string {
  if (type === 'bool') return text.toLowerCase() === 'true' ? 't' : 'f';
  return text;
}

/** `'ok'::mood` */
function labelOf(expression: string): string | undefined {
  const cast = expression.lastIndexOf('::');
  const value = cast < 0 ? '' : expression.slice(0, cast);
  return value.length >= 2 && value.startsWith("'") && value.endsWith("'") ? value.slice(1, -1) : undefined;
}
