import { type Check, type ChecksOf, oneOf, preview, problemsIn } from '../../../options/index.ts';
import { structOf } from '../../connect-data/schema.ts';
import { nameOf, placeOf } from './envelope-path.ts';
import { envelopeSchema } from './envelope-schema.ts';

export interface UnwrapOptions {
  /**
   * How a delete is written, as `delete.tombstone.handling.mode` names it. `tombstone`: a record whose payload is null. `drop`: not at
   * all. `rewrite`: the old row with `__deleted: "true"`; all other rows get `"false"`. `rewrite-with-tombstone`: the same, then a
   * tombstone. `delete-to-tombstone`: a tombstone alone. @default 'tombstone'
   */
  readonly deletes?: 'tombstone' | 'drop' | 'rewrite' | 'rewrite-with-tombstone' | 'delete-to-tombstone' | undefined;
  /** Fields of the envelope to add to the row, as `op`, `lsn`, `source.ts_ms`; they are named `__op`, `__lsn`, `__source_ts_ms`. */
  readonly addFields?: readonly string[] | undefined;
  /** The same, as headers. */
  readonly addHeaders?: readonly string[] | undefined;
}

const ANY_ENVELOPE = envelopeSchema('', structOf('', []));

const paths: Check = {
  expected: 'a list of fields of a change event',
  fits: Array.isArray,
  problems: (name, value) => {
    if (!Array.isArray(value)) return [`${name}: expected ${paths.expected}`];
    return value
      .filter((path: unknown) => placeOf(ANY_ENVELOPE, String(path)) === undefined)
      .map(
        (path: unknown) =>
          `${name}: a change event has no field ${preview(path)}; give one of the envelope, as "op", or of its source, as "source.lsn"`,
      );
  },
};

const CHECKS: ChecksOf<UnwrapOptions> = {
  deletes: oneOf(['tombstone', 'drop', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone']),
  addFields: paths,
  addHeaders: paths,
};

/** Returns everything that is wrong, a sentence each. */
export function unwrapProblems(name: string, options: object): string[] {
  return problemsIn(options, CHECKS, `${name}.`);
}

/** Returns whether every row gets the field `__deleted`. */
export function rewrites({ deletes }: UnwrapOptions): boolean {
  return deletes === 'rewrite' || deletes === 'rewrite-with-tombstone';
}

/** Returns the names of the fields that are added to each row. */
export function addedNames(options: UnwrapOptions): string[] {
  return [...(rewrites(options) ? ['__deleted'] : []), ...(options.addFields ?? []).map(nameOf)];
}
