import { log } from '../log.ts';
import { fixAbortedFilter } from './aborted.ts';
import { fixBatch } from './batch.ts';
import { fixDecoder } from './decoder.ts';
import type { Load } from './fetch-call.ts';
import { fixConcurrentJoins } from './join.ts';
import { fixOffsetReset } from './reset.ts';
import { fixTimerLoop } from './timer.ts';

/** The fixes by the names that `STREAMER_KAFKAJS_FIXES` knows, in the order in which they are applied. */
const FIXES: Readonly<Record<string, (load: Load) => void>> = {
  timer: fixTimerLoop,
  decoder: fixDecoder,
  aborted: fixAbortedFilter,
  batch: fixBatch,
  join: fixConcurrentJoins,
  reset: fixOffsetReset,
  // Not of kafkajs at large: our own consumers alone read fetches so (`lazy-fetch.ts`).
  records: () => {},
};

/**
 * Mends kafkajs in place, for all that use it in this process; none of the fixes changes what its interface promises.
 * `STREAMER_KAFKAJS_FIXES` chooses: `on` (default), `off`, or a list of names as `timer,decoder`.
 */
export function applyFixes(load: Load, setting = process.env['STREAMER_KAFKAJS_FIXES'] ?? 'on'): void {
  for (const name of chosenFixes(setting)) FIXES[name]?.(load);
}

/** For what is chosen where it is used. */
export function isChosen(name: string): boolean {
  return chosenFixes(process.env['STREAMER_KAFKAJS_FIXES'] ?? 'on').includes(name);
}

export function chosenFixes(setting: string): string[] {
  const all = Object.keys(FIXES);
  if (setting === 'on' || setting.trim() === '') return all;
  if (setting === 'off') return [];
  const names = setting.split(',').map((name) => name.trim());
  for (const name of names.filter((each) => !all.includes(each))) {
    log.warn(`STREAMER_KAFKAJS_FIXES names "${name}", which is none of ${all.join(', ')}; it is left out`);
  }
  return all.filter((name) => names.includes(name));
}
