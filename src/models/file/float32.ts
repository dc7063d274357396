/**
 * Returns the shortest decimal that reads back as the same 32-bit float, as Python's numpy prints it: 0.1, where a 64-bit float
 * prints 0.10000000149011612.
 */
export function shortest(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return value;
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
