import type { ConnectSchema, ConnectValue } from '../../connect-data/schema.ts';
import { fieldsOf, listOf } from '../../connect-data/value.ts';

/** Positions in the envelope. */
export const [BEFORE, AFTER, OP] = [0, 1, 4];
const SOURCE = 2;

export interface Place {
  readonly inSource: boolean;
  readonly at: number;
  readonly schema: ConnectSchema;
}

/** Finds a field by its path. A name alone is a field of the envelope, else of its source. */
export function placeOf(envelope: ConnectSchema, path: string): Place | undefined {
  const source = fieldsOf(envelope)[SOURCE]?.schema;
  return found(envelope, path, false) ?? (source && found(source, path.replace(/^source\./, ''), true));
}

function found(struct: ConnectSchema, name: string, inSource: boolean): Place | undefined {
  const fields = fieldsOf(struct);
  const at = fields.findIndex((each) => each.name === name);
  const schema = fields[at]?.schema;
  return schema && { inSource, at, schema };
}

export function valueAt({ inSource, at }: Place, envelope: readonly ConnectValue[]): ConnectValue {
  return (inSource ? listOf(envelope[SOURCE] ?? null) : envelope)[at] ?? null;
}

/** Returns the name under which a field is added. */
export function nameOf(path: string): string {
  return `__${path.replaceAll('.', '_')}`;
}
