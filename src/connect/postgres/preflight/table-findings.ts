import { similarTables, type TableFacts } from '../catalog/table-facts.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { bypassGrant, selectGrants } from '../server/server-error.ts';
import { isSameTable, qualified, shownTable } from '../server/sql.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';

/** Judges each wanted table. Tables that are spelt nearly right are looked up. */
export async function tableFindings(database: Database, facts: Facts, options: ResolvedOptions): Promise<Finding[]> {
  const findings = await Promise.all(
    facts.tables.map(async (table) => (table.oid === undefined ? [await absent(database, table)] : judged(table, facts, options))),
  );
  return findings.flat();
}

async function absent(database: Database, table: TableFacts): Promise<Finding> {
  const similar = await similarTables(database, table);
  const spelt = similar.map(({ schema, name }) => (schema.includes('.') ? qualified({ schema, name }) : `${schema}.${name}`));
  return {
    level: 'problem',
    about: shownTable(table),
    text: `there is no table ${qualified(table)}`,
    next: spelt.length === 0 ? undefined : `In \`tables\`, write ${spelt.map((each) => `'${each}'`).join(' or ')}.`,
  };
}

function judged(table: TableFacts, facts: Facts, options: ResolvedOptions): Finding[] {
  const about = shownTable(table);
  if (!table.isLogged) {
    return [{ level: 'problem', about, text: `${qualified(table)} is not an ordinary table: its changes are not in the log` }];
  }
  return [
    ...identityFindings(table, facts),
    ...(options.snapshot === 'never' || facts.hasSlot ? [] : readingFindings(table, facts)),
    ...columnFindings(table, facts, options),
    ...(table.hasKey ? [] : [keyless(about)]),
  ];
}

/**
 * Once a table is published, the server refuses each UPDATE and DELETE of a row that it cannot identify. To start the source would
 * make the application's own statements fail; where the table is published already, they fail without it.
 */
function identityFindings(table: TableFacts, { publication }: Facts): Finding[] {
  const needsIdentity = publication === undefined || publication.operations.some((op) => op === 'u' || op === 'd');
  if (table.withoutIdentity.length === 0 || !needsIdentity) return [];
  const isPublished = publication?.tables.some(({ of }) => isSameTable(of, table)) ?? false;
  const names = table.withoutIdentity.join(', ');
  return [
    {
      level: isPublished ? 'warning' : 'problem',
      about: shownTable(table),
      text: isPublished
        ? `${names} is published without a replica identity: the server refuses every UPDATE and DELETE of it`
        : `${names} has no replica identity: once it is published, the server refuses every UPDATE and DELETE of it`,
      sql: table.withoutIdentity.map((name) => `alter table ${name} replica identity full;`),
      next: 'Or give the table a primary key.',
    },
  ];
}

function readingFindings(table: TableFacts, { server: { role } }: Facts): Finding[] {
  const about = shownTable(table);
  const findings: Finding[] = [];
  if (!table.isReadable) {
    const text = `the role "${role}" may not read ${qualified(table)}, which the snapshot does`;
    findings.push({ level: 'problem', about, text, sql: selectGrants(role, table) });
  }
  if (table.hidesRows) {
    const text = `row-level security hides rows of ${qualified(table)} from the role "${role}": they would be missing in the snapshot`;
    findings.push({ level: 'problem', about, text, sql: [bypassGrant(role)] });
  }
  return findings;
}

function columnFindings(table: TableFacts, { publication }: Facts, { addedColumns }: ResolvedOptions): Finding[] {
  const about = shownTable(table);
  const clashes = table.columns.filter(({ name }) => addedColumns.includes(name));
  const generated = table.columns.filter(({ generated: kind }) => kind !== '');
  return [
    ...clashes.map(
      ({ name }): Finding => ({
        level: 'problem',
        about,
        text: `column "${name}" of ${about} has the name of a field that \`unwrap\` adds`,
        next: 'Rename the column, or choose other `deletes` or `addFields`.',
      }),
    ),
    ...(generated.length === 0 ? [] : [generatedFinding(table, generated, publication !== undefined)]),
  ];
}

function generatedFinding(table: TableFacts, generated: TableFacts['columns'], isGiven: boolean): Finding {
  const virtual = generated.filter(({ generated: kind }) => kind === 'v').map(({ name }) => name);
  const names = (isGiven ? generated.map(({ name }) => name) : virtual).map((name) => `"${name}"`).join(', ');
  return {
    level: 'note',
    about: shownTable(table),
    text:
      names === ''
        ? `${shownTable(table)} has stored generated columns, which only PostgreSQL 18 publishes: before it they are in the snapshot alone`
        : `generated columns (${names}) are in the snapshot; in the stream they are only if the publication has them (PostgreSQL 18: publish_generated_columns, stored columns)`,
  };
}

function keyless(about: string): Finding {
  return {
    level: 'note',
    about,
    text: `${about} has no key: its records have none either, and a new snapshot cannot tell which rows are gone`,
  };
}
