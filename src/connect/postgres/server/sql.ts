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

/** Returns a name for messages, as `public.cars`; `"my.shop".cars` where a dot is part of a name. */
export function shownTable({ schema, name }: TableName): string {
  const shown = [schema, name].map((part) => (/[."]/.test(part) ? identifier(part) : part));
  return shown.join('.');
}

/** Returns schema and name as topics have them. Not unique where a name has a dot. */
export function dottedTable({ schema, name }: TableName): string {
  return `${schema}.${name}`;
}

export function isSameTable(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.name === b.name;
}
