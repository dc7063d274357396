import { isMap } from './collections.ts';
import { type AvroType, avsc, type ParseOptions, type RecordMaker } from './library.ts';

let records: (new (schema: unknown, options: ParseOptions) => RecordMaker) | undefined;

/** Records that are written from objects alone: where all fields have defaults, avsc takes a number or a list for one. */
export function recordType(schema: object, options: ParseOptions): AvroType {
  records ??= class extends avsc().types.RecordType {
    override _createWriter(): ReturnType<RecordMaker['_createWriter']> {
      const write = super._createWriter();
      return function (tap, value) {
        if (!isMap(value)) throw new Error('not an object');
        write.call(this, tap, value);
      };
    }

    override _createChecker(): ReturnType<RecordMaker['_createChecker']> {
      const check = super._createChecker();
      return function (value, flags, hook, path) {
        if (isMap(value)) return check.call(this, value, flags, hook, path);
        hook?.(value, this);
        return false;
      };
    }
  };
  return new records(schema, options);
}
