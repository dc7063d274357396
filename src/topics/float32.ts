/** A number that 4 bytes (IEEE 754) hold, if rounded to 24 bits: it stays finite, and does not become zero. */
export function isFloat32(value: unknown): value is number {
  if (typeof value !== 'number') return false;
  const rounded = Math.fround(value);
  return Number.isFinite(rounded) === Number.isFinite(value) && (rounded === 0) === (value === 0);
}
