import { type ConnectField, type ConnectSchema, type ConnectValue, field, schemaOf, structOf } from '../../connect-data/schema.ts';
import type { ChangeEvent } from './change-event.ts';
import { envelopeSchema } from './envelope-schema.ts';

export interface UnwrapOptions {
  /**
   * What becomes of a delete, as `delete.tombstone.handling.mode` names it. `tombstone`: a record whose payload is null.
   * `drop`: nothing. `rewrite`: the old row with `__deleted: "true"`; all others get `"false"`. `rewrite-with-tombstone`: that,
   * then a tombstone. `delete-to-tombstone`: a tombstone alone. @default 'tombstone'
   */
  readonly deletes?: 'tombstone' | 'drop' | 'rewrite' | 'rewrite-with-tombstone' | 'delete-to-tombstone' | undefined;
  /** Fields of the envelope to add to the row, as `op`, `lsn`, `source.ts_ms`; they are named `__op`, `__lsn`, `__source_ts_ms`. */
  readonly addFields?: readonly string[] | undefined;
  /** The same as headers. */
  readonly addHeaders?: readonly string[] | undefined;
}

/** Makes rows of change events, as Debezium's `ExtractNewRecordState` does. */
export type Unwrap = (events: readonly ChangeEvent[]) => ChangeEvent[];

const DELETES = ['tombstone', 'drop', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'];
const ANY_ENVELOPE = envelopeSchema('', structOf('', []));

export function unwrapProblems({ deletes = 'tombstone', addFields = [], addHeaders = [], ...others }: UnwrapOptions): string[] {
  const shown = (value: unknown) => JSON.stringify(value) ?? String(value);
  const paths = [...addFields, ...addHeaders].filter((path) => placeOf(ANY_ENVELOPE, String(path))[1] < 0);
  return [
    ...(DELETES.includes(deletes) ? [] : [`deletes must be one of ${DELETES.join(', ')}, got ${shown(deletes)}`]),
    ...paths.map(
      (path) => `a change event has no field ${shown(path)}; give one of the envelope, as "op", or of its source, as "source.lsn"`,
    ),
    ...Object.keys(others).map((name) => `unknown option "${name}"`),
  ];
}

/** Places in the envelope. */
const [BEFORE, AFTER, SOURCE, OP] = [0, 1, 2, 4];

export function unwrap({ deletes = 'tombstone', addFields = [], addHeaders = [] }: UnwrapOptions): Unwrap {
  const rewrites = deletes === 'rewrite' || deletes === 'rewrite-with-tombstone';
  const rows = new RowSchemas(rewrites, addFields);
  const one = (event: ChangeEvent): ChangeEvent[] => {
    if (event.value === null) return deletes === 'rewrite-with-tombstone' ? [event] : [];
    const { schema, value } = event.value;
    if (!schema.name?.endsWith('.Envelope')) return [event];
    const envelope = value as readonly ConnectValue[];
    const op = envelope[OP];
    if (op === 't') return [];
    const headers = [...event.headers, ...addHeaders.map((path) => [nameOf(path), headerText(found(schema, envelope, path))] as const)];
    if (op === 'd' && deletes === 'drop') return [];
    if (op === 'd' && deletes === 'delete-to-tombstone') return [{ ...event, value: null, headers }];
    if (op === 'd' && !rewrites) return [{ ...event, value: { schema: schema.fields![AFTER]!.schema, value: null }, headers }];
    const row = envelope[op === 'd' ? BEFORE : AFTER] as readonly ConnectValue[];
    const more = addFields.map((path) => found(schema, envelope, path).value);
    const deleted = rewrites ? [op === 'd' ? 'true' : 'false'] : [];
    return [{ ...event, headers, value: { schema: rows.of(schema), value: [...row, ...deleted, ...more] } }];
  };
  return (events) => events.flatMap(one);
}

class RowSchemas {
  readonly #made = new WeakMap<ConnectSchema, ConnectSchema>();
  readonly #rewrites: boolean;
  readonly #addFields: readonly string[];

  constructor(rewrites: boolean, addFields: readonly string[]) {
    this.#rewrites = rewrites;
    this.#addFields = addFields;
  }

  of(envelope: ConnectSchema): ConnectSchema {
    let schema = this.#made.get(envelope);
    if (schema === undefined) {
      const row = envelope.fields![AFTER]!.schema;
      schema = { ...row, optional: false, fields: [...row.fields!, ...this.#added(envelope)] };
      this.#made.set(envelope, schema);
    }
    return schema;
  }

  #added(envelope: ConnectSchema): ConnectField[] {
    const deleted = this.#rewrites ? [field('__deleted', schemaOf('string', { optional: true }))] : [];
    return [...deleted, ...this.#addFields.map((path) => field(nameOf(path), basicsOf(schemaAt(envelope, path))))];
  }
}

/** Debezium copies neither a default nor the fields of a struct. */
function basicsOf({ default: _, fields, ...basics }: ConnectSchema): ConnectSchema {
  return { ...basics, optional: true, ...(fields && { fields: [] }) };
}

function nameOf(path: string): string {
  return `__${path.replaceAll('.', '_')}`;
}

/** A name alone is a field of the envelope, else one of its source. */
function placeOf(envelope: ConnectSchema, path: string): readonly [inSource: boolean, at: number] {
  const name = path.replace(/^source\./, '');
  const at = envelope.fields!.findIndex((each) => each.name === path);
  return at >= 0 ? [false, at] : [true, envelope.fields![SOURCE]!.schema.fields!.findIndex((each) => each.name === name)];
}

function schemaAt(envelope: ConnectSchema, path: string): ConnectSchema {
  const [inSource, at] = placeOf(envelope, path);
  return (inSource ? envelope.fields![SOURCE]!.schema : envelope).fields![at]!.schema;
}

function found(envelope: ConnectSchema, value: readonly ConnectValue[], path: string): { value: ConnectValue } {
  const [inSource, at] = placeOf(envelope, path);
  return { value: (inSource ? (value[SOURCE] as readonly ConnectValue[]) : value)[at]! };
}

function headerText({ value }: { value: ConnectValue }): string {
  return value === null ? '' : String(value);
}
