/** A table by its exact name, as the catalogue has it. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Returns a name in double quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function qualified({ schema, name }: TableName): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

/** Returns a name for messages, as `public.cars`. */
export function shownTable({ schema, name }: TableName): string {
  return `${schema}.${name}`;
}

export function isSameTable(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.name === b.name;
}
