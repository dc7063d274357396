import type { ArrayType, AvroType, MapType, RecordType, UnionType } from './library.ts';

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

/** Has it named types that only their namespaces tell apart? */
export function hasNamesakes(type: AvroType): boolean {
  const names: string[] = [];
  collect(type, names, new Set());
  return new Set(names).size < names.length;
}

function collect(type: AvroType, names: string[], seen: Set<AvroType>): void {
  if (seen.has(type)) return;
  seen.add(type);
  if (type.name !== undefined) names.push(...new Set([type.name, ...(type.aliases ?? [])].map(unqualified)));
  const { fields } = type as Partial<RecordType>;
  const parts = [...(fields ?? []).map((field) => field.type), ...((type as Partial<UnionType>).types ?? [])];
  for (const part of [...parts, (type as Partial<ArrayType>).itemsType, (type as Partial<MapType>).valuesType])
    if (part !== undefined) collect(part, names, seen);
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
