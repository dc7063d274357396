import { CommandError } from '../command-error.ts';
import { type Place, readPlace } from '../records/place.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Where `--to` sends an app. @throws CommandError (exit 2) */
export function targetOf(text: string | undefined, now: number): Place {
  if (text === undefined)
    throw new CommandError(2, 'where to? Name a place', { next: 'One of: --to earliest, latest, an offset, a time, -2h.' });
  const [, count, unit = ''] = /^-(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return { kind: 'time', ms: now - Number(count) * (UNITS_MS[unit] ?? 0) };
  const place = readPlace(text);
  if (place !== undefined && place.kind !== 'last') return place;
  throw new CommandError(2, `--to: expected earliest, latest, an offset, a time or -2h, got ${JSON.stringify(text)}`, {
    next: 'Times are written as 2026-11-30T10:00:00Z, times ago as -90s, -30m, -2h or -7d.',
  });
}
