import { StreamerError } from '../../../errors.ts';
import type { ConnectField } from '../schema.ts';

/**
 * Returns a name as Avro allows it, adjusted as Debezium's `schema.name.adjustment.mode=avro` does: other characters than letters,
 * digits, `_` and, in full names, `.` become `_`, and so does a first character that is a digit. A later part of a full name that
 * begins with a digit gets a `_` before it, which Avro needs and Debezium leaves out.
 */
export function avroFullName(name: string): string {
  const valid = name.replace(/[^A-Za-z0-9_.]/g, '_').replace(/^[0-9]/, '_');
  return valid.replace(/\.(?=[0-9])/g, '._');
}

/** The same for the name of a field. */
function avroFieldName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^[0-9]/, '_');
}

/** @throws StreamerError when two fields would have one name */
export function avroFieldNames(record: string, fields: readonly ConnectField[]): string[] {
  const names = fields.map(({ name }) => avroFieldName(name));
  const at = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (at < 0) return names;
  const first = fields[names.indexOf(names[at] ?? '')]?.name;
  throw new StreamerError('REFUSED', `the fields "${first}" and "${fields[at]?.name}" of ${record} would both be "${names[at]}" in Avro`, {
    next: 'Rename one of the columns, or use another converter.',
  });
}
