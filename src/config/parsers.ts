import { durationMs, nonEmptyString } from '../options/index.ts';

/** Reads a value given as text or as itself; returns what was expected when it does not fit. */
export type Parser<T> = (raw: unknown) => { readonly value: T } | { readonly expected: string };

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/;

export const brokerList: Parser<readonly string[]> = (raw) => {
  const list = (typeof raw === 'string' ? raw.split(',') : Array.isArray(raw) ? raw : [])
    .map((entry) => String(entry).trim())
    .filter((entry) => entry !== '');
  if (list.length > 0 && list.every(isAddress)) return { value: list };
  const isLogin = list.some((entry) => !isAddress(entry) && /[:@]/.test(entry));
  return { expected: `host:port, or several separated by commas${isLogin ? '; a login goes into saslUsername and saslPassword' : ''}` };
};

function isAddress(entry: string): boolean {
  return ADDRESS.test(entry) && Number(entry.slice(entry.lastIndexOf(':') + 1)) <= 65_535;
}

/**
 * The brokers as a message may show them. A password may stand anywhere in what is not an address, commas and `@` included, so that only
 * addresses and bare host names are shown, and only addresses once anything else is among them.
 */
export function shownBrokers(raw: unknown): string {
  if (typeof raw !== 'string' && !Array.isArray(raw)) return typeof raw === 'object' && raw !== null ? 'an object' : JSON.stringify(raw);
  const text = Array.isArray(raw) ? raw.join(',') : raw;
  const entries = text.slice(text.lastIndexOf('@') + 1).split(',');
  const isPlain = !text.includes('@') && entries.every((entry) => /^[\w.-]*$/.test(entry.trim()) || isAddress(entry.trim()));
  if (isPlain) return JSON.stringify(raw);
  const shown = entries.map((entry) => (isAddress(entry.trim()) ? entry.trim() : '(hidden)'));
  return JSON.stringify(`${text.includes('@') ? '(hidden)@' : ''}${shown.join(',')}`);
}

export function choice<const T extends readonly string[]>(words: T): Parser<T[number]> {
  return (raw) => {
    const value: T[number] | undefined = words.find((word) => word === raw);
    return value === undefined ? { expected: `one of ${words.join(', ')}` } : { value };
  };
}

export function milliseconds(least: number): Parser<number> {
  const { fits, expected } = durationMs(least);
  return (raw) => {
    const value = numberOf(raw);
    return fits(value) ? { value } : { expected };
  };
}

export const positive: Parser<number> = (raw) => {
  const value = numberOf(raw);
  return Number.isInteger(value) && value > 0 ? { value } : { expected: 'a whole number above 0' };
};

export const text: Parser<string> = (raw) =>
  nonEmptyString.fits(raw) && typeof raw === 'string' ? { value: raw } : { expected: nonEmptyString.expected };

/** Reads `true` and `false`, `1` and `0`, as themselves or as text. */
export const truth: Parser<boolean> = (raw) => {
  const word = String(raw);
  if (word === 'true' || word === '1') return { value: true };
  return word === 'false' || word === '0' ? { value: false } : { expected: 'true or false' };
};

/** The same parser, for a setting that has no value by default. */
export const optional = <T>(parse: Parser<T>): Parser<T | undefined> => parse;

function numberOf(raw: unknown): number {
  return typeof raw === 'number' ? raw : typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : Number.NaN;
}
