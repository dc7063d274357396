import { descriptionOf, isEnum, isFixed, isUnion } from './kinds.ts';
import type { AvroType } from './library.ts';

/** A type in the words of a message. */
export function describeType(type: AvroType): string {
  if (isUnion(type)) return type.types.map(describeType).join(' | ');
  if (isEnum(type)) return `enum ${type.name} (${type.symbols.join(', ')})`;
  if (isFixed(type)) return `fixed ${type.name} of ${type.size} bytes`;
  switch (type.typeName) {
    case 'record':
      return `record ${type.name}`;
    case 'bytes':
      return 'bytes (Buffer)';
    case 'logical:date':
      return 'date (a Date at 0:00 UTC)';
    case 'logical:timestamp-millis':
      return 'timestamp-millis (a Date)';
    case 'logical:decimal':
      return `${descriptionOf(type)} (digits as text)`;
    case 'abstract:long':
      return `${descriptionOf(type) ?? 'long'} (a bigint)`;
    default:
      return descriptionOf(type) ?? type.typeName.replace('logical:', '');
  }
}
