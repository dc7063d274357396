/** Years, both limits included; an absent limit is none. */
export interface Band {
  readonly min?: number;
  readonly max?: number;
}

/** From MIN_AGE and MAX_AGE. Where neither is given: seniors, 60 and over. @throws RangeError */
export function bandOf({ MIN_AGE, MAX_AGE }: Readonly<Record<string, string | undefined>>): Band {
  const band: { min?: number; max?: number } = {};
  if (MIN_AGE !== undefined && MIN_AGE !== '') band.min = years('MIN_AGE', MIN_AGE);
  if (MAX_AGE !== undefined && MAX_AGE !== '') band.max = years('MAX_AGE', MAX_AGE);
  if (band.min !== undefined && band.max !== undefined && band.min > band.max) {
    throw new RangeError(`the youngest age of the band, ${band.min}, is above the oldest, ${band.max}`);
  }
  return Object.keys(band).length === 0 ? { min: 60 } : band;
}

export function years(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new RangeError(`${name} must be a number of years, got ${JSON.stringify(text)}`);
  return value;
}

export function isInBand(age: number, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Band): boolean {
  return age >= min && age <= max;
}

/** `60 and over`, `under 26`, `25 to 34`. */
export function describeBand({ min, max }: Band): string {
  if (min === undefined) return max === undefined ? 'any age' : `up to ${max}`;
  return max === undefined ? `${min} and over` : `${min} to ${max}`;
}
