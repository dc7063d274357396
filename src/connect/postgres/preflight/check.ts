import { topicName } from '../events/topic-name.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { dottedTable, shownTable } from '../server/sql.ts';
import type { Finding } from './finding.ts';
import { preflight } from './preflight.ts';

export interface ChangesCheck {
  /** Whether the source can start: no finding is a problem. */
  readonly isReady: boolean;
  /** PostgreSQL's version, as `18.4`, and the connected role. */
  readonly server: string;
  readonly role: string;
  readonly slot: string;
  readonly publication: string;
  readonly tables: ReadonlyArray<{ readonly table: string; readonly topic: string }>;
  readonly findings: readonly Finding[];
  /** What the source does to the database at its start, in order: statements, and in words what no statement shows. */
  readonly actions: readonly string[];
}

export async function checkChanges(database: Database, options: ResolvedOptions): Promise<ChangesCheck> {
  const { facts, findings, actions } = await preflight(database, options);
  const { slot, publication, prefix, tables } = options;
  return {
    isReady: findings.every(({ level }) => level !== 'problem'),
    server: await database.required('show server_version'),
    role: facts.server.role,
    slot,
    publication,
    tables: tables.map((table) => ({ table: shownTable(table), topic: topicName(`${prefix}.${dottedTable(table)}`) })),
    findings,
    actions,
  };
}
