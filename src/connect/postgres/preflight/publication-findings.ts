import { addStatement, createStatement } from '../catalog/publication.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import { identifier, isSameTable, shownTable, type TableName } from '../server/sql.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';

/** Returns the statement that makes or extends the publication; undefined when it has every table. */
export function publicationStatement({ publication, server }: Facts, options: ResolvedOptions): string | undefined {
  if (publication === undefined) return createStatement(options.publication, options.tables, server.version);
  return publication.missing.length === 0 ? undefined : addStatement(options.publication, publication.missing);
}

const OPERATIONS = [
  ['c', 'insert'],
  ['u', 'update'],
  ['d', 'delete'],
  ['t', 'truncate'],
] as const;

/** Judges what the publication publishes, and whether the role may make or extend it, where that is to be done. */
export function publicationFindings(facts: Facts, options: ResolvedOptions): Finding[] {
  return [...operationFindings(facts, options), ...rightsFindings(facts, options)];
}

/** What a publication does not publish never comes, and nothing else says so. */
function operationFindings({ publication }: Facts, { skip }: ResolvedOptions): Finding[] {
  if (publication === undefined) return [];
  const absent = OPERATIONS.filter(([op]) => !publication.operations.includes(op) && !skip.has(op)).map(([, name]) => name);
  if (absent.length === 0) return [];
  const about = `publication ${publication.name}`;
  const sql = [`alter publication ${identifier(publication.name)} set (publish = 'insert, update, delete, truncate');`];
  return [{ level: 'warning', about, text: `the publication does not publish ${absent.join(', ')}: these changes are not captured`, sql }];
}

function rightsFindings(facts: Facts, options: ResolvedOptions): Finding[] {
  const statement = publicationStatement(facts, options);
  if (statement === undefined) return [];
  const { publication, server, tables } = facts;
  const about = `publication ${options.publication}`;
  const sql = [`${statement};`];
  if (server.isReadOnly) {
    const text = `the role "${server.role}" may only read here, so it cannot ${publication === undefined ? 'make' : 'extend'} the publication`;
    const next = `Have a role that may write run this, or let this one write: alter role ${identifier(server.role)} set default_transaction_read_only = off;`;
    return [{ level: 'problem', about, text, sql, next }];
  }
  const mayChange = publication === undefined ? server.mayCreate : publication.isOwned;
  const wanted = publication?.missing ?? options.tables;
  const foreign = tables.filter((table) => table.oid !== undefined && !table.isOwned && wanted.some((each) => isSameTable(each, table)));
  if (mayChange && foreign.length === 0) return [];
  const lacking = mayChange
    ? `does not own ${listed(foreign)}`
    : publication === undefined
      ? 'may not create in this database'
      : 'does not own it';
  const text = `permission denied: the role "${server.role}" ${lacking}, so it cannot ${publication === undefined ? 'make' : 'extend'} the publication`;
  return [{ level: 'problem', about, text, sql, next: 'Have the owner of the tables, or a superuser, run it.' }];
}

function listed(tables: readonly TableName[]): string {
  return tables.map(shownTable).join(', ');
}
