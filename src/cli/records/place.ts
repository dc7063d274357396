import { CommandError } from '../command-error.ts';

/** A place in the log of a partition, as `--from` and `--until` name it. */
export type Place =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** That many records before the end. */
  | { readonly kind: 'last'; readonly count: number }
  /** The first record at or after the time, in milliseconds since 1970-01-01 UTC. */
  | { readonly kind: 'time'; readonly ms: number };

/** `2026-11-30`, `2026-11-30T10:00`, `2026-11-30T10:00:00.000Z`: in local time where no zone is given. */
const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** @throws CommandError (exit 2) quoting what was expected and what came */
export function placeOf(flag: string, text: string): Place {
  const place = readPlace(text);
  if (place !== undefined) return place;
  const expected = flag === '--from' ? 'earliest, latest, an offset, -N for the last N offsets, or a time' : 'an offset or a time';
  throw new CommandError(2, `${flag}: expected ${expected}, got ${JSON.stringify(text)}`, {
    next: 'Times are written as 2026-11-30T10:00:00Z.',
  });
}

/** Undefined for a text that names no place. */
export function readPlace(text: string): Place | undefined {
  if (text === 'earliest' || text === 'latest') return { kind: text };
  if (/^\d{1,15}$/.test(text)) return { kind: 'offset', offset: Number(text) };
  if (/^-\d{1,15}$/.test(text)) return { kind: 'last', count: -Number(text) };
  const ms = TIME.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : { kind: 'time', ms };
}
