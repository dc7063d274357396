import type { TableName } from './server/sql.ts';

const QUOTED = '"(?:[^"]|"")+"';
/** `"my.schema".cars`, `"my.schema"."cars"`, `public."a.b"`. */
const WITH_QUOTES = new RegExp(`^(${QUOTED}|[^".]+)\\.(${QUOTED}|[^"]+)$`, 's');
/** `public.cars` and `cars`; only the first dot separates. */
const PLAIN = /^[^.]+(?:\..+)?$/s;

export function isTable(text: string): boolean {
  return PLAIN.test(text) || WITH_QUOTES.test(text);
}

/** Returns the exact name that the text of the option stands for. */
export function parseTable(text: string): TableName {
  const quoted = text.includes('"') ? WITH_QUOTES.exec(text) : null;
  if (quoted !== null) return { schema: unquoted(quoted[1] ?? ''), name: unquoted(quoted[2] ?? '') };
  const dot = text.indexOf('.');
  return dot < 0 ? { schema: 'public', name: text } : { schema: text.slice(0, dot), name: text.slice(dot + 1) };
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
