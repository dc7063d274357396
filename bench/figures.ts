/** Measures each contestant round after round. The order alternates, because later contestants find a warmer machine. */
export async function takeTurns<C, R>(
  contestants: readonly C[],
  rounds: number,
  measure: (contestant: C) => Promise<R>,
): Promise<ReadonlyMap<C, readonly R[]>> {
  const results = new Map<C, R[]>(contestants.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 === 0 ? contestants : contestants.toReversed()) results.get(one)!.push(await measure(one));
  }
  return results;
}

/** @param part 0.5 for the median; NaN without values */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** `12,345` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Two digits after the point below ten, one above; empty for NaN. */
export function decimal(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(value < 10 ? 2 : 1);
}

export function markdownTable(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
