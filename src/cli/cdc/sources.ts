import type { App } from '../../app.ts';
import type { ChangesCheck, ChangesStatus, Source } from '../../connect/index.ts';
import { CommandError } from '../command-error.ts';

/** A source whose position is kept in a database. */
export interface ChangesSource extends Source {
  check(): Promise<ChangesCheck>;
  status(): Promise<ChangesStatus>;
  reset(options?: { readonly publication?: boolean }): Promise<boolean>;
}

/** Returns the sources named, or all. @throws CommandError for a name that the app does not have */
export function changesSources(app: App, names: readonly string[]): Map<string, ChangesSource> {
  const all = [...app.sources].filter(
    (entry): entry is [string, ChangesSource] => 'status' in entry[1] && 'reset' in entry[1] && 'check' in entry[1],
  );
  const known = all.map(([name]) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new CommandError(2, `app "${app.id}" captures no changes under the name "${name}"`, {
      next: `It has: ${known.join(', ') || '(none)'}.`,
    });
  }
  return new Map(all.filter(([name]) => names.length === 0 || names.includes(name)));
}
