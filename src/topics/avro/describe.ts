import type { AvroType, EnumType, FixedType, LogicalType, UnionType } from './library.ts';
import type { Described } from './logical.ts';

/** A type in the words of a message. */
export function describeType(type: AvroType): string {
  if (type.typeName.startsWith('union')) return (type as UnionType).types.map(describeType).join(' | ');
  switch (type.typeName) {
    case 'enum':
      return `enum ${type.name} (${(type as EnumType).symbols.join(', ')})`;
    case 'fixed':
      return `fixed ${type.name} of ${(type as FixedType).size} bytes`;
    case 'record':
      return `record ${type.name}`;
    case 'bytes':
      return 'bytes (Buffer)';
    case 'logical:date':
      return 'date (a Date at 0:00 UTC)';
    case 'logical:timestamp-millis':
      return 'timestamp-millis (a Date)';
    case 'logical:decimal':
      return `${(type as Described).describe} (digits as text)`;
    case 'abstract:long':
      return `${(type as Partial<Described>).describe ?? 'long'} (a bigint)`;
    default:
      return (type as Partial<Described>).describe ?? type.typeName.replace('logical:', '');
  }
}

export function isUnion(type: AvroType): type is UnionType {
  return type.typeName.startsWith('union');
}

export function isLogical(type: AvroType): type is LogicalType {
  return type.typeName.startsWith('logical:');
}
