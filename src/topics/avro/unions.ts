import { messageOf } from '../../errors.ts';
import { type AvroResolver, type AvroType, avsc, type CopyOptions, type ParseOptions, type UnionType } from './library.ts';
import { Unresolved } from './unresolved.ts';

// avsc looks symbols and branches up in plain objects ("constructor" is a symbol of every enum), and writes halves of surrogate
// pairs as bytes that are not UTF-8. Its longs and its arrays and maps have faults of their own: longs.ts, collections.ts.
//
// avsc resolves all branches of a writer's union at once. One branch may fail alone because of the `map` of the list that avsc goes
// through.

/** Plain where JavaScript can tell the branches apart, else wrapped; `Union` in value.ts tells the compiler the same. */
export function unionType(schemas: readonly unknown[], options: ParseOptions): UnionType {
  const { Wrapped, Unwrapped } = (classes ??= unionClasses());
  const types = schemas.map((schema) => avsc().Type.forSchema(schema, options));
  const kinds = types.map(kindOf);
  const isAmbiguous = new Set(kinds).size < kinds.length;
  const type = isAmbiguous ? new Wrapped(types, options) : new Unwrapped(types, options);
  // A value may have a property of any name, and branches are looked up by it.
  Object.setPrototypeOf(type._branchIndices, null);
  return type;
}

/** How avsc asks for the copy of a field's default. */
const DEFAULT = 2;
let classes: ReturnType<typeof unionClasses> | undefined;

/** Unions whose default may be of any branch, the first that it fits, as Avro 1.12 has it; avsc looks at the first branch alone. */
function unionClasses() {
  class Wrapped extends avsc().types.WrappedUnionType {
    override _copy(value: unknown, options?: CopyOptions): unknown {
      if (options?.wrap !== DEFAULT) return super._copy(value, options);
      const { branch, copy } = firstFit(this.types, value, options);
      return copy === null ? null : { [branch.branchName ?? branch.typeName]: copy };
    }
  }
  class Unwrapped extends avsc().types.UnwrappedUnionType {
    override _copy(value: unknown, options?: CopyOptions): unknown {
      return options?.wrap === DEFAULT ? firstFit(this.types, value, options).copy : super._copy(value, options);
    }
  }
  return { Wrapped, Unwrapped };
}

function firstFit(types: readonly AvroType[], value: unknown, options: CopyOptions): { readonly branch: AvroType; readonly copy: unknown } {
  const reasons: string[] = [];
  for (const branch of types) {
    try {
      return { branch, copy: branch._copy(value, options) };
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  throw new Error(`of no branch: ${reasons.join(', ')}`);
}

/**
 * A union as a writer has it. A branch that the reader has no place for fails when a record has it, not before (Avro
 * specification 1.12, "Schema Resolution"): avsc resolves them all at once, by way of the list's `map`.
 */
export function writersUnion(schemas: readonly unknown[], options: ParseOptions): AvroType {
  const type = unionType(schemas, options);
  const types = new Branches(...type.types);
  // What avsc makes is frozen.
  return Object.create(type, { types: { value: types } });
}

class Branches extends Array<AvroType> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override map<T>(make: (branch: AvroType, index: number, all: AvroType[]) => T, self?: unknown): T[] {
    const failures: unknown[] = [];
    const made = super.map((branch, index) => {
      try {
        return make.call(self, branch, index, this);
      } catch (error) {
        failures.push(error);
        // Stands in the list for what `make` would have made.
        return unresolved(error) as T;
      }
    });
    if (failures.length === this.length) throw failures[0];
    return made;
  }
}

function unresolved(error: unknown): AvroResolver {
  return {
    _read() {
      throw new Unresolved(messageOf(error));
    },
  };
}

function kindOf({ typeName }: AvroType): string {
  switch (typeName) {
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return 'number';
    case 'abstract:long':
      return 'bigint';
    case 'enum':
    case 'logical:decimal':
    case 'logical:uuid':
      return 'string';
    case 'bytes':
    case 'fixed':
      return 'buffer';
    case 'record':
    case 'map':
    case 'logical:date':
    case 'logical:timestamp-millis':
      return 'object';
    default:
      return typeName;
  }
}
