import { isEnum } from './kinds.ts';
import { type AvroType, avsc, type EnumType, type ParseOptions } from './library.ts';
import { hasName } from './names.ts';
import { type Resolving, Unresolved } from './unresolved.ts';

/**
 * Enums whose symbols are looked up among the symbols alone (avsc takes "constructor" for one). A reader refuses a symbol that it
 * lacks when a record has it, not before (Avro specification 1.12, "Schema Resolution").
 */
let enums: (new (schema: unknown, options: ParseOptions) => EnumType) | undefined;

export function enumType(schema: unknown, options: ParseOptions): AvroType {
  enums ??= class extends avsc().types.EnumType {
    override _update(resolver: Resolving, writer: AvroType, options: { readonly ignoreNamespaces?: boolean }): void {
      super._update(resolver, writer, options);
      if (resolver._read !== null || !isEnum(writer) || !hasName(this, writer, options.ignoreNamespaces !== true)) return;
      const { name, symbols } = this;
      const written = writer.symbols;
      resolver._read = (tap) => {
        const symbol = written[tap.readLong()];
        if (symbol !== undefined && symbols.includes(symbol)) return symbol;
        throw new Unresolved(`${symbol} is not a symbol of ${name}, which has no default`);
      };
    }
  };
  const type = new enums(schema, options);
  Object.setPrototypeOf(type._indices, null);
  return type;
}
