/** Compares JSON Schemas by their properties, to name the fields that a registry's verdict is about; the verdict is its own. */

interface Property {
  readonly shape: string;
  readonly required: boolean;
}

/** Properties that keep a reader with the one schema from taking what was written with the other. */
export function jsonObstacles(reader: unknown, writer: unknown): string[] {
  const wanted = propertiesOf(reader);
  const written = propertiesOf(writer);
  const found: string[] = [];
  for (const [path, { shape, required }] of wanted) {
    const source = written.get(path);
    if (source === undefined) {
      if (required) found.push(`${path}: is required, and not written`);
      continue;
    }
    if (required && !source.required) found.push(`${path}: is required, and may be left out`);
    if (source.shape !== shape) found.push(`${path}: ${source.shape} is not ${shape}`);
  }
  if (isClosed(reader)) for (const path of written.keys()) if (!wanted.has(path)) found.push(`${path}: is not allowed, and may be written`);
  return found;
}

/** `+` property added, `-` removed, `~` changed. */
export function jsonDifferences(newer: unknown, older: unknown): string[] {
  const now = propertiesOf(newer);
  const then = propertiesOf(older);
  const text = ({ shape, required }: Property) => `${shape}${required ? '' : ', optional'}`;
  const lines: string[] = [];
  for (const [path, property] of now) {
    const before = then.get(path);
    if (before === undefined) lines.push(`+ ${path}: ${text(property)}`);
    else if (text(before) !== text(property)) lines.push(`~ ${path}: ${text(before)} -> ${text(property)}`);
  }
  for (const [path, property] of then) if (!now.has(path)) lines.push(`- ${path}: ${text(property)}`);
  return lines;
}

function propertiesOf(schema: unknown, path = '', found = new Map<string, Property>()): Map<string, Property> {
  if (!isObject(schema)) return found;
  const { properties, required, items, additionalProperties } = schema;
  for (const [name, property] of Object.entries(isObject(properties) ? properties : {})) {
    const at = path === '' ? name : `${path}.${name}`;
    found.set(at, { shape: shapeOf(property), required: Array.isArray(required) && required.includes(name) });
    propertiesOf(property, at, found);
  }
  if (isObject(items)) propertiesOf(items, `${path}[]`, found);
  if (isObject(additionalProperties)) propertiesOf(additionalProperties, `${path}.*`, found);
  return found;
}

/** What a property may be, without what is within it. */
function shapeOf(schema: unknown): string {
  if (!isObject(schema)) return schema === false ? 'nothing' : 'anything';
  const {
    $ref,
    const: only,
    enum: values,
    type,
    anyOf,
    oneOf,
    format,
    items,
    properties: _,
    required: __,
    additionalProperties: ___,
    ...rest
  } = schema;
  const alternatives = anyOf ?? oneOf;
  if (typeof $ref === 'string') return $ref;
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(alternatives)) return alternatives.map(shapeOf).join(' | ');
  const kind = Array.isArray(type) ? type.join(' | ') : String(type ?? 'anything');
  const of = kind === 'array' && items !== undefined ? ` of ${shapeOf(items)}` : '';
  const limits = Object.entries(rest).filter(([name]) => !COMMENTS.has(name));
  return [
    kind + of,
    ...(format === undefined ? [] : [String(format)]),
    ...limits.map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ].join(', ');
}

const COMMENTS = new Set(['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'definitions', '$defs']);

function isClosed(schema: unknown): boolean {
  return isObject(schema) && schema['additionalProperties'] === false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
