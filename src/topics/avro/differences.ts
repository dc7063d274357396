import { describeType } from './describe.ts';
import { isArray, isDescribed, isEnum, isMapType, isRecord, isUnion } from './kinds.ts';
import type { AvroType } from './library.ts';
import { toPlain } from './plain-form.ts';

interface FieldLine {
  readonly type: string;
  readonly fallback: string;
}

/** How a schema differs from an older one: `+` field added, `-` removed, `~` changed, records within records by path. */
export function differences(newer: AvroType, older: AvroType): string[] {
  const now = fieldsOf(newer);
  const then = fieldsOf(older);
  const lines: string[] = [];
  for (const [path, { type, fallback }] of now) {
    const before = then.get(path);
    if (before === undefined) lines.push(`+ ${path}: ${type}${fallback}`);
    else if (before.type !== type || before.fallback !== fallback) {
      lines.push(`~ ${path}: ${before.type}${before.fallback} -> ${type}${fallback}`);
    }
  }
  for (const [path, { type, fallback }] of then) if (!now.has(path)) lines.push(`- ${path}: ${type}${fallback}`);
  return lines;
}

function fieldsOf(type: AvroType): Map<string, FieldLine> {
  const lines = new Map<string, FieldLine>();
  lines.set('(whole value)', { type: shapeOf(type), fallback: '' });
  collect(type, '', lines, new Set());
  return lines;
}

function collect(type: AvroType, path: string, lines: Map<string, FieldLine>, seen: Set<AvroType>): void {
  if (seen.has(type)) return;
  if (isUnion(type)) {
    for (const branch of type.types) collect(branch, path, lines, seen);
  } else if (isArray(type)) collect(type.itemsType, `${path}[]`, lines, seen);
  else if (isMapType(type)) collect(type.valuesType, `${path}.*`, lines, seen);
  else if (isRecord(type)) {
    seen.add(type);
    for (const { name, aliases, type: of, defaultValue } of type.fields) {
      const at = path === '' ? name : `${path}.${name}`;
      const fallback = defaultValue();
      const also = aliases.length === 0 ? '' : `, alias ${aliases.join(', ')}`;
      const shown = fallback === undefined ? '' : ` = ${JSON.stringify(toPlain(of, fallback))}`;
      lines.set(at, { type: shapeOf(of), fallback: shown + also });
      collect(of, at, lines, seen);
    }
  }
}

/** As `describeType`, with what collections hold and enums fall back to. */
function shapeOf(type: AvroType): string {
  if (isEnum(type) && type.default !== undefined) return `${describeType(type)}, default ${type.default}`;
  if (isUnion(type)) return type.types.map(shapeOf).join(' | ');
  if (isArray(type)) return `array of ${shapeOf(type.itemsType)}`;
  if (isMapType(type)) return `map of ${shapeOf(type.valuesType)}`;
  return (isDescribed(type) ? type.shape : undefined) ?? describeType(type);
}
