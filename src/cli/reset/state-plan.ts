import type { App } from '../../app.ts';
import { CoPartitioning } from '../../runtime/index.ts';
import type { DeclaredTable } from '../../tables/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';

/** What becomes of tables that are made of the records: they are emptied, or stay as they are. */
export type StateMode = 'empty' | 'keep';

export interface StatePlan {
  readonly mode: StateMode;
  /** Tables that are written from the topics. */
  readonly tables: readonly DeclaredTable[];
}

/**
 * @returns undefined when no table is written from the topics
 * @throws CommandError (exit 2) when the user has to say, or has said something else than can be done
 */
export function statePlanOf(app: App, topics: readonly string[], options: RawOptions): StatePlan | undefined {
  const [empties, keeps] = [options['tables'] === true, options['keepState'] === true];
  if (empties && keeps) throw new CommandError(2, '--tables empties the tables and --keep-state leaves them as they are: give one of them');
  const tables = [...app.tables.values()].filter((table) => sourcesOf(app, table).some((topic) => topics.includes(topic)));
  if (tables.length === 0) {
    if (empties || keeps)
      throw new CommandError(
        2,
        `${empties ? '--tables' : '--keep-state'}: no table of app "${app.id}" is written from ${topics.join(', ')}`,
      );
    return undefined;
  }
  if (empties) for (const table of tables) checkWhole(app, table, topics);
  if (empties || keeps) return { mode: empties ? 'empty' : 'keep', tables };
  throw new CommandError(2, `what becomes of ${named(tables)}, which the app keeps of these records?`, {
    next: '--tables empties them, so that they are made again; --keep-state leaves them as they are, and counts records that come again once more.',
  });
}

/** Topics that one task works on together with this one, itself included. */
export function taskTopicsOf(app: App, topic: string): readonly string[] {
  return new CoPartitioning(app.coPartitioned).groupOf(topic);
}

/** Tables whose state is committed with the offsets of the topics, which one task works on. */
export function tablesOfTask(app: App, topics: readonly string[]): DeclaredTable[] {
  return [...app.tables.values()].filter((table) => sourcesOf(app, table).some((topic) => topics.includes(topic)));
}

/** An emptied table lacks what other topics have put into it. */
function checkWhole(app: App, table: DeclaredTable, topics: readonly string[]): void {
  const missing = sourcesOf(app, table).filter((topic) => !topics.includes(topic));
  if (missing.length === 0) return;
  throw new CommandError(
    2,
    `table "${table.name}" is written from ${missing.join(', ')} too: emptied, it would lack what came from there`,
    {
      next: `Name ${missing.join(', ')} too, or keep the table: --keep-state.`,
    },
  );
}

/** Topics of the agent that writes a table. */
function sourcesOf(app: App, { name }: DeclaredTable): string[] {
  const writers = [...app.agents.values()].filter(({ tables }) => tables.some((table) => table.name === name));
  return writers.flatMap(({ sources }) => sources.map((source) => String(source.name)));
}

function named(tables: readonly DeclaredTable[]): string {
  const names = tables.map(({ name }) => `"${name}"`).join(', ');
  return tables.length === 1 ? `table ${names}` : `tables ${names}`;
}
