import { isArray, isMapType, isRecord, isUnion } from './kinds.ts';
import type { AvroType } from './library.ts';

/**
 * Is the writer's named type the reader's, or one of its aliases? Avro's specification compares names without their
 * namespaces ("Schema Resolution", 1.12).
 *
 * @param isFull namespaces count
 */
export function hasName(reader: AvroType, writer: AvroType, isFull = false): boolean {
  const shown = isFull ? (name: string) => name : unqualified;
  if (writer.name === undefined) return true;
  return [reader.name!, ...(reader.aliases ?? [])].some((name) => shown(name) === shown(writer.name!));
}

/** Returns true if it has named types that only their namespaces tell apart. */
export function hasNamesakes(type: AvroType): boolean {
  const names: string[] = [];
  collect(type, names, new Set());
  return new Set(names).size < names.length;
}

function collect(type: AvroType, names: string[], seen: Set<AvroType>): void {
  if (seen.has(type)) return;
  seen.add(type);
  if (type.name !== undefined) names.push(...new Set([type.name, ...(type.aliases ?? [])].map(unqualified)));
  for (const part of partsOf(type)) collect(part, names, seen);
}

function partsOf(type: AvroType): readonly AvroType[] {
  if (isRecord(type)) return type.fields.map((field) => field.type);
  if (isUnion(type)) return type.types;
  if (isArray(type)) return [type.itemsType];
  return isMapType(type) ? [type.valuesType] : [];
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
