import { StreamerError } from '../../../errors.ts';
import { type ConnectField, type ConnectSchema, type ConnectValue, field, schemaOf } from '../../connect-data/schema.ts';
import { fieldsOf, listOf } from '../../connect-data/value.ts';
import type { ChangeEvent, Data } from './change-event.ts';
import { AFTER, BEFORE, nameOf, OP, type Place, placeOf, valueAt } from './envelope-path.ts';
import { rewrites, type UnwrapOptions } from './unwrap-options.ts';

/** Makes rows of change events, as Debezium's `ExtractNewRecordState` does. */
export type Unwrap = (events: readonly ChangeEvent[]) => ChangeEvent[];

export function unwrap(options: UnwrapOptions): Unwrap {
  const unwrapper = new Unwrapper(options);
  return (events) => events.flatMap((event) => unwrapper.one(event));
}

/** An envelope's schema with what follows from it. */
interface Form {
  readonly row: ConnectSchema;
  readonly unwrapped: ConnectSchema;
  readonly fields: readonly Place[];
  readonly headers: ReadonlyArray<readonly [name: string, place: Place]>;
}

class Unwrapper {
  readonly #options: UnwrapOptions;
  readonly #rewrites: boolean;
  readonly #forms = new WeakMap<ConnectSchema, Form>();

  constructor(options: UnwrapOptions) {
    this.#options = options;
    this.#rewrites = rewrites(options);
  }

  one(event: ChangeEvent): ChangeEvent[] {
    if (event.value === null) return this.#options.deletes === 'rewrite-with-tombstone' ? [event] : [];
    const { schema, value } = event.value;
    if (!schema.name?.endsWith('.Envelope')) return [event];
    const envelope = listOf(value);
    if (envelope[OP] === 't') return [];
    const form = this.#formOf(schema);
    const added = form.headers.map(([name, place]) => [name, headerText(valueAt(place, envelope))] as const);
    const headers = [...event.headers, ...added];
    if (envelope[OP] !== 'd') return [{ ...event, headers, value: this.#row(form, envelope, AFTER, 'false') }];
    return this.#deletion(form, envelope).map((each) => ({ ...event, headers, value: each }));
  }

  /** Returns the values of the records that a delete becomes. */
  #deletion(form: Form, envelope: readonly ConnectValue[]): Array<Data | null> {
    const { deletes } = this.#options;
    if (deletes === 'drop') return [];
    if (deletes === 'delete-to-tombstone') return [null];
    return [this.#rewrites ? this.#row(form, envelope, BEFORE, 'true') : { schema: form.row, value: null }];
  }

  #row(form: Form, envelope: readonly ConnectValue[], at: number, deleted: 'true' | 'false'): Data {
    const more = form.fields.map((place) => valueAt(place, envelope));
    const value = [...listOf(envelope[at] ?? null), ...(this.#rewrites ? [deleted] : []), ...more];
    return { schema: form.unwrapped, value };
  }

  #formOf(envelope: ConnectSchema): Form {
    let form = this.#forms.get(envelope);
    if (form === undefined) {
      form = this.#newForm(envelope);
      this.#forms.set(envelope, form);
    }
    return form;
  }

  #newForm(envelope: ConnectSchema): Form {
    const { addFields = [], addHeaders = [] } = this.#options;
    const row = fieldsOf(envelope)[AFTER]?.schema ?? envelope;
    const places = addFields.flatMap((path) => placeOf(envelope, path) ?? []);
    const deleted = this.#rewrites ? [field('__deleted', schemaOf('string', { optional: true }))] : [];
    const added = places.map(({ schema }, at) => field(nameOf(addFields[at] ?? ''), basicsOf(schema)));
    const fields = [...fieldsOf(row), ...deleted, ...added];
    refuseDuplicates(envelope, fields);
    const headers = addHeaders.flatMap((path) => [placeOf(envelope, path) ?? []].flat().map((place) => [nameOf(path), place] as const));
    return { row, unwrapped: { ...row, optional: false, fields }, fields: places, headers };
  }
}

/** Debezium's transform ends on such a table; a row with two fields of one name would lose one of them in most readers. */
function refuseDuplicates({ name = '' }: ConnectSchema, fields: readonly ConnectField[]): void {
  const names = fields.map((each) => each.name);
  const twice = names.find((each, at) => names.indexOf(each) !== at);
  if (twice === undefined) return;
  throw new StreamerError('REFUSED', `${name.replace(/\.Envelope$/, '')} has a column "${twice}", which is a field that \`unwrap\` adds`, {
    next: 'Rename the column, or choose other `deletes` or `addFields`.',
  });
}

/** Debezium copies neither a default nor the fields of a struct. */
function basicsOf({ default: _, fields, ...basics }: ConnectSchema): ConnectSchema {
  return { ...basics, optional: true, ...(fields && { fields: [] }) };
}

function headerText(value: ConnectValue): string {
  return value === null ? '' : String(value);
}
