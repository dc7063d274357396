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

/** `1 year 2 mons -3 days +04:05:06.789`: what the server writes under IntervalStyle postgres. */
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
    parts.seconds = sign < 0 ? `-${clock[4]}` : clock[4]!;
  }
  return parts;
}

export function interval(mode: TypeOptions['intervals']): FieldType {
  if (mode === 'string') {
    return { schema: logical('string', 'io.debezium.time.Interval'), convert: iso, zero: 'P0Y0M0DT0H0M0S', unchanged: 'P0Y0M0DT0H0M0S' };
  }
  return { schema: logical('int64', 'io.debezium.time.MicroDuration'), convert: micros, zero: 0, unchanged: 0 };
}

const LONGEST = 2 ** 63;

/** A month counts as a twelfth of 365.25 days, in floating point, as Debezium has it; what an int64 cannot hold is its largest. */
function micros(text: string): number | bigint {
  const { years, months, days, hours, minutes, seconds } = parse(text);
  const total = ((((years * 12 + months) * DAYS_PER_MONTH + days) * 24 + hours) * 60 + minutes) * 60 + Number(seconds);
  const whole = Math.trunc(total * 1e6);
  return Math.abs(whole) < LONGEST ? exactInteger(String(BigInt(whole))) : whole < 0 ? -(2n ** 63n) : 2n ** 63n - 1n;
}

function iso(text: string): string {
  const { years, months, days, hours, minutes, seconds } = parse(text);
  const [whole = '0', fraction = ''] = seconds.split('.');
  const digits = fraction.replace(/0+$/, '');
  const sign = whole.startsWith('-') && (Number(whole) !== 0 || digits !== '') ? '-' : '';
  const written = `${sign}${Math.abs(Number(whole))}${digits === '' ? '' : `.${digits}`}`;
  return `P${years}Y${months}M${days}DT${hours}H${minutes}M${written}S`;
}
