import { describeType } from './describe.ts';
import { descriptionOf, isArray, isEnum, isFixed, isLogical, isMapType, isRecord, isUnion } from './kinds.ts';
import type { AvroType, EnumType, RecordType } from './library.ts';
import { isSameUnit } from './logical.ts';
import { hasName } from './names.ts';

/** The other types that a reader of a type reads (Avro specification 1.12, "Schema Resolution"). */
const PROMOTED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    long: ['int'],
    float: ['int', 'long'],
    double: ['int', 'long', 'float'],
    string: ['bytes'],
    bytes: ['string'],
  }),
);

/** Returns why records of the writer's type cannot be read: a line for every field that does not fit. Empty when all can be read. */
export function obstacles(reader: AvroType, writer: AvroType): string[] {
  const found: string[] = [];
  new Comparison(found).compare(reader, writer, '');
  return found;
}

class Comparison {
  readonly #found: string[];
  readonly #seen = new Map<AvroType, Set<AvroType>>();

  constructor(found: string[]) {
    this.#found = found;
  }

  compare(reader: AvroType, writer: AvroType, path: string): void {
    if (isUnion(writer)) {
      for (const branch of writer.types) this.compare(reader, branch, path);
      return;
    }
    if (isUnion(reader)) {
      if (!reader.types.some((branch) => obstacles(branch, writer).length === 0))
        this.#note(path, `${describeType(writer)} is none of ${describeType(reader)}`);
      return;
    }
    const describe = descriptionOf(reader);
    const written = descriptionOf(writer);
    if (!isSameUnit(describe, written)) this.#note(path, `${written} cannot be read as ${describe}`);
    else this.#plain(plain(reader), plain(writer), path);
  }

  #plain(reader: AvroType, writer: AvroType, path: string): void {
    const kind = nameOf(reader);
    const written = nameOf(writer);
    if (kind !== written) {
      if (!PROMOTED.get(kind)?.includes(written)) this.#note(path, `${describeType(writer)} cannot be read as ${describeType(reader)}`);
      return;
    }
    if (reader.name !== undefined && !hasName(reader, writer)) {
      this.#note(path, `${kind} ${writer.name} is not ${reader.name}, nor one of its aliases`);
      return;
    }
    if (isRecord(reader) && isRecord(writer)) this.#fields(reader, writer, path);
    else if (isEnum(reader) && isEnum(writer)) this.#symbols(reader, writer, path);
    else if (isArray(reader) && isArray(writer)) this.compare(reader.itemsType, writer.itemsType, `${path}[]`);
    else if (isMapType(reader) && isMapType(writer)) this.compare(reader.valuesType, writer.valuesType, `${path}.*`);
    else if (isFixed(reader) && isFixed(writer) && reader.size !== writer.size)
      this.#note(path, `fixed of ${writer.size} bytes cannot be read as one of ${reader.size}`);
  }

  #fields(reader: RecordType, writer: RecordType, path: string): void {
    const seen = this.#seen.get(reader) ?? new Set();
    if (seen.has(writer)) return;
    this.#seen.set(reader, seen.add(writer));
    for (const field of reader.fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const source = writer.fields.find(({ name }) => name === field.name || field.aliases.includes(name));
      if (source !== undefined) this.compare(field.type, source.type, at);
      else if (field.defaultValue() === undefined) this.#note(at, 'is not written, and has no default');
    }
  }

  #symbols(reader: EnumType, writer: EnumType, path: string): void {
    const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
    if (unknown.length > 0 && reader.default === undefined)
      this.#note(path, `${unknown.join(', ')} may be written, and ${reader.name} has no default`);
  }

  #note(path: string, what: string): void {
    this.#found.push(`${path || '(whole value)'}: ${what}`);
  }
}

function plain(type: AvroType): AvroType {
  return isLogical(type) ? type.underlyingType : type;
}

function nameOf({ typeName }: AvroType): string {
  return typeName === 'abstract:long' ? 'long' : typeName;
}
