/** `4521` as `4,521`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `2,310/s`; one decimal below ten. */
export function rate(perSecond: number): string {
  return `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)}/s`;
}

/** `12 ms`, `0.3 s`, `4.2 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Rows as aligned columns, two spaces in front and between; columns of numbers align to the right. */
export function table(rows: ReadonlyArray<readonly string[]>, header?: readonly string[]): string {
  const all = header === undefined ? rows : [header, ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isNumeric = widths.map((_, column) => rows.length > 0 && rows.every((row) => /^[\d,.-]+$/.test(row[column] ?? '')));
  const cell = (text: string, column: number) =>
    isNumeric[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return all.map((row) => `  ${row.map(cell).join('  ')}`.trimEnd()).join('\n');
}
