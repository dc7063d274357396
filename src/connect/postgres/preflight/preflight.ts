import { StreamerError } from '../../../errors.ts';
import { markStatement } from '../catalog/publication-state.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { literal, shownTable } from '../server/sql.ts';
import { type Facts, readFacts } from './facts.ts';
import type { Finding } from './finding.ts';
import { publicationFindings, publicationStatement } from './publication-findings.ts';
import { serverFindings } from './server-findings.ts';
import { tableFindings } from './table-findings.ts';

export interface Preflight {
  readonly facts: Facts;
  readonly findings: readonly Finding[];
  /** What the source does to the database at its start, in order: statements, and in words what no statement shows. */
  readonly actions: readonly string[];
}

/** Reads what the source depends on, and judges it. Changes nothing. */
export async function preflight(database: Database, options: ResolvedOptions): Promise<Preflight> {
  const facts = await readFacts(database, options);
  const findings = [
    ...serverFindings(facts, options),
    ...(await tableFindings(database, facts, options)),
    ...publicationFindings(facts, options),
  ];
  return { facts, findings, actions: actionsOf(facts, options) };
}

function actionsOf(facts: Facts, options: ResolvedOptions): string[] {
  const { slot, snapshot, tables } = options;
  const statement = publicationStatement(facts, options);
  const lock = 'an advisory lock, held by the session, so that one process reads the slot';
  const actions = [lock, ...(statement === undefined ? [] : [`${statement};`])];
  if (!facts.hasSlot) {
    if (snapshot === 'initial') {
      actions.push(`a temporary slot "${slot}_snapshot", and one transaction that reads ${tables.map(shownTable).join(', ')}`);
    }
    actions.push(`select pg_create_logical_replication_slot(${literal(slot)}, 'pgoutput');`);
  }
  const isOwned = facts.publication?.isOwned ?? statement !== undefined;
  if (isOwned) actions.push(`${markStatement(options)}; (a mark of its state, so that a later start notices a change)`);
  return [...actions, `the slot "${slot}" keeps the server's log until the changes in it have been published`];
}

/** @throws StreamerError with every problem, and the SQL that solves them */
export function refuseProblems({ findings }: Preflight): void {
  const problems = findings.filter(({ level }) => level === 'problem');
  if (problems.length === 0) return;
  const texts = problems.map(({ text }) => text);
  const message = texts.length === 1 ? String(texts[0]) : `${texts.length} problems:\n  - ${texts.join('\n  - ')}`;
  throw new StreamerError('REFUSED', message, { next: adviceOf(problems) });
}

function adviceOf(problems: readonly Finding[]): string | undefined {
  const sql = problems.flatMap((problem) => problem.sql ?? []);
  const next = problems.flatMap((problem) => problem.next ?? []);
  const advice = [...(sql.length === 0 ? [] : [`Run:  ${sql.join('  ')}`]), ...new Set(next)];
  return advice.length === 0 ? undefined : advice.join('\n  ');
}
