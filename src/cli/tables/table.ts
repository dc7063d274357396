import type { App } from '../../app.ts';
import type { DeclaredTable } from '../../tables/index.ts';
import { CommandError } from '../command-error.ts';

/** @throws CommandError (exit 2) naming the tables that there are */
export function tableOf(app: App, name: string): DeclaredTable {
  const table = app.tables.get(name);
  if (table !== undefined) return table;
  const names = [...app.tables.keys()].join(', ') || '(none)';
  throw new CommandError(2, `app "${app.id}" has no table "${name}"`, { next: `It has: ${names}.` });
}
