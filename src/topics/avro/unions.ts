import { type AvroResolver, type AvroType, avsc, type ParseOptions, type UnionType } from './library.ts';
import { Unresolved } from './unresolved.ts';

/** Plain where JavaScript can tell the branches apart, else wrapped; `Union` in value.ts says the same to the compiler. */
export function unionType(schemas: readonly unknown[], options: ParseOptions): UnionType {
  const { WrappedUnionType, UnwrappedUnionType } = avsc().types;
  const types = schemas.map((schema) => avsc().Type.forSchema(schema, options));
  const kinds = types.map(kindOf);
  const isAmbiguous = new Set(kinds).size < kinds.length;
  const type = isAmbiguous ? new WrappedUnionType(types, options) : new UnwrappedUnionType(types, options);
  // A value may have a property of any name, and branches are looked up by it.
  Object.setPrototypeOf(type._branchIndices, null);
  return type;
}

/**
 * A union as a writer has it. A branch that the reader has no place for fails when a record has it, not before (Avro
 * specification 1.12, "Schema Resolution"): avsc resolves them all at once, by way of the list's `map`.
 */
export function writersUnion(schemas: readonly unknown[], options: ParseOptions): AvroType {
  const type = unionType(schemas, options);
  const types = new Branches(...type.types);
  // What avsc makes is frozen.
  return Object.create(type, { types: { value: types } }) as AvroType;
}

class Branches extends Array<AvroType> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override map<T>(make: (branch: AvroType, index: number, all: AvroType[]) => T, self?: unknown): T[] {
    const failures: Error[] = [];
    const made = super.map((branch, index) => {
      try {
        return make.call(self, branch, index, this);
      } catch (error) {
        failures.push(error as Error);
        return unresolved(error as Error) as T;
      }
    });
    if (failures.length === this.length) throw failures[0]!;
    return made;
  }
}

function unresolved({ message }: Error): AvroResolver {
  return {
    _read() {
      throw new Unresolved(message);
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
