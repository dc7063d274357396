import type { Car, Change } from './car.ts';

type Fields = Record<string, unknown>;

const FIELD = 'suggested_price';
const SCHEMA = { type: 'int32', optional: true, field: FIELD };

/**
 * The car that a change leaves behind; `undefined` when there is none to price: a delete (in whichever form), a tombstone, a
 * truncate, a message of the database.
 */
export function carOf(change: Change): Car | undefined {
  const payload = payloadOf(change);
  if (payload === null || payload.__deleted === 'true' || payload.__deleted === true) return undefined;
  if (isEnvelope(payload)) return (payload.op === 'd' ? undefined : (payload.after ?? undefined)) as Car | undefined;
  return payload as unknown as Car;
}

/**
 * The change with the price written into its row, as a whole number: the column is one, and the JSON converter of Kafka Connect
 * would cut the rest off. Where the change brings its schema, the field is added to it.
 */
export function withSuggestion(change: Change, price: number): Change {
  const suggested = Math.round(price);
  if (change === null) return null;
  if (!isSchemed(change)) return priced(change as Fields, suggested) as Change;
  const { schema, payload, ...others } = change;
  return { ...others, schema: extended(schema), payload: payload === null ? null : priced(payload, suggested) } as Change;
}

/** A delete that was unwrapped is written as a null payload; on a compacted topic only a real tombstone removes the key. */
export function isGone(change: Change): boolean {
  return payloadOf(change) === null;
}

function priced(payload: Fields, suggested: number): Fields {
  if (!isEnvelope(payload)) return { ...payload, [FIELD]: suggested };
  return { ...payload, after: { ...(payload.after as Fields), [FIELD]: suggested } };
}

function payloadOf(change: Change): Fields | null {
  if (change === null) return null;
  return (isSchemed(change) ? change.payload : change) as Fields | null;
}

function isSchemed(change: object): change is { schema: unknown; payload: Fields | null } {
  return 'payload' in change && 'schema' in change;
}

function isEnvelope(payload: Fields): boolean {
  return typeof payload.op === 'string' && 'after' in payload;
}

interface Struct {
  readonly field?: string;
  readonly fields?: readonly Struct[];
}

/** The schema of the row, or of the rows in an envelope, with the field. */
function extended(schema: unknown): unknown {
  const { fields } = (schema ?? {}) as Struct;
  if (fields === undefined) return schema;
  if (!fields.some(({ field }) => field === 'after')) return { ...(schema as Struct), fields: withField(fields) };
  const rows = fields.map((each) =>
    each.field === 'after' && each.fields !== undefined ? { ...each, fields: withField(each.fields) } : each,
  );
  return { ...(schema as Struct), fields: rows };
}

function withField(fields: readonly Struct[]): readonly Struct[] {
  return fields.some(({ field }) => field === FIELD) ? fields : [...fields, SCHEMA];
}
