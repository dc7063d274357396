/** A name in double quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema.name` or `name`, each part in quotes. */
export function quotedTable(name: string): string {
  return name.split('.').map(quoted).join('.');
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
