import { log } from '../log.ts';
import { fixConcurrentJoins } from './join.ts';
import type { Load } from './load.ts';
import { fixNames } from './names.ts';
import { fixOffsetReset } from './reset.ts';
import { fixTimerLoop } from './timer.ts';

/** The fixes by the names that `STREAMER_KAFKAJS_FIXES` knows, in the order in which they are applied. */
const FIXES: ReadonlyMap<string, (load: Load) => void> = new Map([
  ['names', fixNames],
  ['timer', fixTimerLoop],
  ['join', fixConcurrentJoins],
  ['reset', fixOffsetReset],
]);

/**
 * Fixes kafkajs in place, for all that use it in this process; none of the fixes changes what its interface promises.
 * `STREAMER_KAFKAJS_FIXES` chooses: `on` (default), `off`, or a list of names as `timer,join`.
 */
export function applyFixes(load: Load, setting = process.env['STREAMER_KAFKAJS_FIXES'] ?? 'on'): void {
  for (const name of chosenFixes(setting)) FIXES.get(name)?.(load);
}

export function chosenFixes(setting: string): string[] {
  const all = [...FIXES.keys()];
  if (setting === 'on' || setting.trim() === '') return all;
  if (setting === 'off') return [];
  const names = setting.split(',').map((name) => name.trim());
  for (const name of names.filter((each) => !all.includes(each))) {
    log.warning('STREAMER_KAFKAJS_FIXES names {name}, which is not one of {all}; it is left out', { name, all: all.join(', ') });
  }
  return all.filter((name) => names.includes(name));
}
