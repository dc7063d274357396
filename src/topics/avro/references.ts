/** The names of `known` that a schema uses, in the order in which it does (Avro specification 1.12, "Names"). */
export function namesUsed(schema: unknown, known: ReadonlySet<string>): string[] {
  const used = new Set<string>();
  const visit = (part: unknown, namespace: string): void => {
    if (typeof part === 'string') {
      const full = part.includes('.') || namespace === '' ? part : `${namespace}.${part}`;
      if (known.has(full)) used.add(full);
    } else if (Array.isArray(part)) for (const branch of part) visit(branch, namespace);
    else if (typeof part === 'object' && part !== null) {
      const { type, fields, items, values }: { type?: unknown; fields?: unknown; items?: unknown; values?: unknown } = part;
      const inner = namespaceOf(part, namespace);
      if (Array.isArray(fields)) for (const field of fields) visit(Object(field).type, inner);
      else visit(type, namespace);
      visit(items, namespace);
      visit(values, namespace);
    }
  };
  visit(schema, '');
  return [...used];
}

function namespaceOf(schema: { readonly name?: unknown; readonly namespace?: unknown }, outer: string): string {
  const { name, namespace } = schema;
  if (typeof name === 'string' && name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof namespace === 'string' ? namespace : outer;
}
