import type {
  ArrayType,
  AvroType,
  Described,
  EnumType,
  FixedType,
  LogicalType,
  MapType,
  RecordType,
  UnionType,
  UnwrappedUnion,
} from './library.ts';

/** avsc tells its types apart by their names; each kind has fields of its own. */

export function isRecord(type: AvroType): type is RecordType {
  return type.typeName === 'record';
}

export function isArray(type: AvroType): type is ArrayType {
  return type.typeName === 'array';
}

export function isMapType(type: AvroType): type is MapType {
  return type.typeName === 'map';
}

export function isEnum(type: AvroType): type is EnumType {
  return type.typeName === 'enum';
}

export function isFixed(type: AvroType): type is FixedType {
  return type.typeName === 'fixed';
}

export function isUnion(type: AvroType): type is UnionType {
  return type.typeName.startsWith('union');
}

/** A union of plain values. */
export function isUnwrapped(type: AvroType): type is UnwrappedUnion {
  return type.typeName === 'union:unwrapped';
}

export function isLogical(type: AvroType): type is LogicalType {
  return type.typeName.startsWith('logical:');
}

/** A type that says more of itself than its name. */
export function isDescribed(type: AvroType): type is Described {
  return 'describe' in type && typeof type.describe === 'string';
}

/** As `decimal of scale 2`; undefined where the name says all. */
export function descriptionOf(type: AvroType): string | undefined {
  return isDescribed(type) ? type.describe : undefined;
}
