import { tableHost } from '../runtime/index.ts';
import { changelogTopicOf, checkTable, type Declared, type DeclaredTable, StateTable, type TableOptions } from '../tables/index.ts';

/**
 * Makes a table of an app. The types of the table end here: its serdes get only what it was given, and what they made of that.
 *
 * @throws ConfigError
 */
export function declareTable<KS, VS, Ordered, SK>(
  app: string,
  name: string,
  options: TableOptions<KS, VS, Ordered, SK>,
): Declared<KS, VS, Ordered, SK> & DeclaredTable {
  checkTable(name, options);
  return new StateTable(tableHost, name, changelogTopicOf(app, name), options as never) as never;
}
