import { describeType, isLogical, isUnion } from './describe.ts';
import type { ArrayType, AvroType, EnumType, FixedType, MapType, RecordType } from './library.ts';
import { type Described, isSameUnit } from './logical.ts';
import { hasName } from './names.ts';

/** What else a reader of the type may find written (Avro specification 1.12, "Schema Resolution"). */
const PROMOTED: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

/** Why records of the writer's type cannot be read: a line for every field that is in the way. Empty when all can be read. */
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
    const { describe } = reader as Partial<Described>;
    const written = (writer as Partial<Described>).describe;
    if (!isSameUnit(describe, written)) this.#note(path, `${written} cannot be read as ${describe}`);
    else this.#plain(plain(reader), plain(writer), path);
  }

  #plain(reader: AvroType, writer: AvroType, path: string): void {
    const kind = nameOf(reader);
    const written = nameOf(writer);
    if (kind !== written) {
      if (!PROMOTED[kind]?.includes(written)) this.#note(path, `${describeType(writer)} cannot be read as ${describeType(reader)}`);
      return;
    }
    if (reader.name !== undefined && !hasName(reader, writer)) {
      this.#note(path, `${kind} ${writer.name} is not ${reader.name}, nor one of its aliases`);
      return;
    }
    if (kind === 'record') this.#fields(reader as RecordType, writer as RecordType, path);
    else if (kind === 'enum') this.#symbols(reader as EnumType, writer as EnumType, path);
    else if (kind === 'array') this.compare((reader as ArrayType).itemsType, (writer as ArrayType).itemsType, `${path}[]`);
    else if (kind === 'map') this.compare((reader as MapType).valuesType, (writer as MapType).valuesType, `${path}.*`);
    else if (kind === 'fixed' && (reader as FixedType).size !== (writer as FixedType).size) {
      this.#note(path, `fixed of ${(writer as FixedType).size} bytes cannot be read as one of ${(reader as FixedType).size}`);
    }
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
