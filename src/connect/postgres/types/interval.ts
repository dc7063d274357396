import { logical } from '../../connect-data/schema.ts';
import type { FieldType, TypeOptions } from './field-type.ts';
import { exactInteger } from './integer.ts';

const DAYS_PER_MONTH = 365.25 / 12;

interface Parts {
  years: number;
  months: number;
  days: number;
  hours: number;
  minutes: number;
  /** With its fraction, as text, so that nothing is lost. */
  seconds: string;
}

/** Parses `1 year 2 mons -3 days +04:05:06.789`, as the server writes it under IntervalStyle postgres. */
function parse(text: string): Parts {
  const parts: Parts = { years: 0, months: 0, days: 0, hours: 0, minutes: 0, seconds: '0' };
  for (const [, amount, unit] of text.matchAll(/([+-]?\d+) (year|mon|day)s?/g)) {
    const name = unit === 'year' ? 'years' : unit === 'mon' ? 'months' : 'days';
    parts[name] = Number(amount);
  }
  const clock = /([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text);
  if (clock !== null) {
    const sign = clock[1] === '-' ? -1 : 1;
    parts.hours = sign * Number(clock[2]);
    parts.minutes = sign * Number(clock[3]);
    parts.seconds = `${sign < 0 ? '-' : ''}${clock[4] ?? '0'}`;
  }
  return parts;
}

export function interval(mode: TypeOptions['intervals']): FieldType {
  if (mode === 'string') {
    return { schema: logical('string', 'io.debezium.time.Interval'), convert: iso, zero: 'P0Y0M0DT0H0M0S', unchanged: 'P0Y0M0DT0H0M0S' };
  }
  return { schema: logical('int64', 'io.debezium.time.MicroDuration'), convert: micros, zero: 0, unchanged: 0 };
}

const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];

/** PostgreSQL 17 has infinite intervals. Debezium writes 0 for them; here they are the ends of the range, as infinite timestamps are. */
function micros(text: string): number | bigint {
  if (isInfinite(text)) return text.startsWith('-') ? LEAST : MOST;
  const { years, months, days, hours, minutes, seconds } = parse(text);
  const total = ((((years * 12 + months) * DAYS_PER_MONTH + days) * 24 + hours) * 60 + minutes) * 60 + Number(seconds);
  return nearest(Math.trunc(total * 1e6));
}

/** A month counts as a twelfth of 365.25 days, in floating point, as in Debezium; a value beyond an int64 becomes the nearest one. */
function nearest(whole: number): number | bigint {
  if (Math.abs(whole) < Number(MOST)) return exactInteger(String(BigInt(whole)));
  return whole < 0 ? LEAST : MOST;
}

function isInfinite(text: string): boolean {
  return text === 'infinity' || text === '-infinity';
}

/** ISO 8601 has no infinite duration: the text is PostgreSQL's, as for infinite timestamps. */
function iso(text: string): string {
  if (isInfinite(text)) return text;
  const { years, months, days, hours, minutes, seconds } = parse(text);
  const [whole = '0', fraction = ''] = seconds.split('.');
  const digits = fraction.replace(/0+$/, '');
  const sign = whole.startsWith('-') && (Number(whole) !== 0 || digits !== '') ? '-' : '';
  const written = `${sign}${Math.abs(Number(whole))}${digits === '' ? '' : `.${digits}`}`;
  return `P${years}Y${months}M${days}DT${hours}H${minutes}M${written}S`;
}
