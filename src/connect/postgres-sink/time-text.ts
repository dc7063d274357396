const DAY_MS = 86_400_000n;
const DAY_US = 86_400_000_000n;

/** Last day of Postgres' type `date`, 5874897-12-31, and of `timestamp`, 294276-12-31; first day of both, 4714-11-24 BC. In days since 1970-01-01. */
const LAST_DATE = 2_145_042_905n;
const LAST_TIMESTAMP = 106_762_939n;
/** How change events write `infinity` in microseconds, though Postgres' timestamps go on for 30 years. */
const ENDLESS = 2n ** 63n - 1n;
const FIRST_DAY = -2_440_588n;

/** Days since 1970-01-01. What lies beyond the type's range is how change events write the infinities. */
export function dateText(days: bigint): string {
  if (days > LAST_DATE) return 'infinity';
  if (days < FIRST_DAY) return '-infinity';
  const { year, text } = civil(days);
  return year <= 0 ? `${text} BC` : text;
}

/** Microseconds since midnight; a whole day is `24:00:00`. */
export function timeText(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const parts = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}

/** Microseconds since 1970-01-01T00:00:00, without a time zone. */
export function timestampText(micros: bigint): string {
  const days = floorDivide(micros, DAY_US);
  if (micros === ENDLESS || days > LAST_TIMESTAMP) return 'infinity';
  if (days < FIRST_DAY) return '-infinity';
  const { year, text } = civil(days);
  return `${text} ${timeText(micros - days * DAY_US)}${year <= 0 ? ' BC' : ''}`;
}

/** Nanoseconds since 1970-01-01T00:00:00; the ends of their range stand for the infinities. */
export function nanosText(nanos: bigint): string {
  if (nanos === ENDLESS) return 'infinity';
  return nanos === -ENDLESS - 1n ? '-infinity' : timestampText(microsOfNanos(nanos));
}

/** @throws RangeError for nanoseconds that Postgres would lose */
export function microsOfNanos(nanos: bigint): bigint {
  if (nanos % 1_000n !== 0n) throw new RangeError('Postgres keeps microseconds, and it has nanoseconds');
  return nanos / 1_000n;
}

export function microsOfMillis(millis: bigint): bigint {
  return millis * (DAY_US / DAY_MS);
}

/** ISO 8601 as Debezium writes it, with years before 1 and after 9999 signed, in the form that Postgres reads. */
export function isoText(text: string): string {
  const match = /^([+-]\d{4,})(-\d\d-\d\d.*)$/.exec(text);
  if (match === null) return text;
  const year = Number(match[1]);
  return year > 0 ? `${year}${match[2]}` : `${String(1 - year).padStart(4, '0')}${match[2]} BC`;
}

/**
 * A day count in the Gregorian calendar. Formula: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 * Years before 1 are counted as in ISO 8601 (0 = 1 BC), and written as Postgres counts them.
 */
function civil(days: bigint): { year: number; text: string } {
  const z = Number(days) + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const shown = year <= 0 ? 1 - year : year;
  return { year, text: [String(shown).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-') };
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
