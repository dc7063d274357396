import { narrow } from './integer.ts';

/** A point on the proleptic calendar: days since 1970-01-01, and microseconds of that day. */
export interface Instant {
  readonly days: number;
  readonly micros: number;
}

const DAY_MICROS = 86_400_000_000;

/** Parses `2024-02-29 12:34:56.789+02` and `0044-03-15 BC`, as the server writes them under DateStyle ISO, but no infinities. */
export function parseInstant(text: string): Instant {
  const match = /^(\d+)-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)([+-][\d:]+)?)?( BC)?$/.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a date or timestamp`);
  const year = match[6] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  const days = daysOf(year, Number(match[2]), Number(match[3]));
  const micros = (match[4] === undefined ? 0 : timeMicros(match[4])) - (match[5] === undefined ? 0 : offsetMicros(match[5]));
  return normal(days, micros);
}

/** `12:34:56.789012` as microseconds since midnight; 24:00:00 is a whole day. */
export function timeMicros(text: string): number {
  const fraction = text.length > 9 ? Number(text.slice(9).padEnd(6, '0')) : 0;
  return (Number(text.slice(0, 2)) * 3600 + Number(text.slice(3, 5)) * 60 + Number(text.slice(6, 8))) * 1_000_000 + fraction;
}

/** `+02`, `-03:30`, `+00:53:28` in microseconds. */
export function offsetMicros(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.slice(1).split(':');
  const total = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000;
  return text.startsWith('-') ? -total : total;
}

function normal(days: number, micros: number): Instant {
  const shift = Math.floor(micros / DAY_MICROS);
  return { days: days + shift, micros: micros - shift * DAY_MICROS };
}

/** Returns days since 1970, after Howard Hinnant's "chrono-compatible low-level date algorithms". */
function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

/** Returns a date as ISO 8601, years beyond four digits with their sign. */
export function isoDate(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${isoYear(year)}-${two(month)}-${two(ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1)}`;
}

function isoYear(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, '0');
  if (year < 0) return `-${digits}`;
  return year > 9999 ? `+${digits}` : digits;
}

/** `12:34:56.789`; the fraction as short as it can be, or of a given width. */
export function isoTime(micros: number, width?: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = String(micros % 1_000_000).padStart(6, '0');
  const shown = width === undefined ? fraction.replace(/0+$/, '') : fraction.slice(0, width);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${shown === '' ? '' : `.${shown}`}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Returns microseconds since 1970. */
export function epochMicros({ days, micros }: Instant): number | bigint {
  if (Math.abs(days) < 100_000) return days * DAY_MICROS + micros;
  return narrow(BigInt(days) * BigInt(DAY_MICROS) + BigInt(micros));
}

export function epochMillis({ days, micros }: Instant): number | bigint {
  const millis = Math.floor(micros / 1000);
  if (Math.abs(days) < 100_000_000) return days * 86_400_000 + millis;
  return narrow(BigInt(days) * 86_400_000n + BigInt(millis));
}

/** Wraps around as Java's multiplication does, beyond the year 2262. */
export function epochNanos({ days, micros }: Instant): number | bigint {
  return narrow(BigInt.asIntN(64, (BigInt(days) * BigInt(DAY_MICROS) + BigInt(micros)) * 1000n));
}
