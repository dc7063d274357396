import type { ChangesCheck, Finding } from '../../connect/index.ts';
import type { RawOptions } from '../options.ts';
import { openAppSession } from '../session.ts';
import { changesSources } from './sources.ts';

export async function checkSources(names: readonly string[], options: RawOptions): Promise<void> {
  const { app, output, close } = await openAppSession(options);
  try {
    const sources = changesSources(app, names);
    if (sources.size === 0) output.line(`${app.id} captures no changes: app.source(name, postgresChanges({ ... })) declares that it does`);
    for (const [name, source] of sources) {
      const check = await source.check();
      output.table([[name, ''], ...rows(check)]);
      for (const line of [...findingLines(check), ...actionLines(check)]) output.line(line);
      output.data({ source: name, ...check });
      if (!check.isReady) process.exitCode = 1;
    }
  } finally {
    await close();
  }
}

function rows({ isReady, server, role, slot, publication, tables }: ChangesCheck): string[][] {
  return [
    ['  ready', isReady ? 'yes' : 'no'],
    ['  server', `PostgreSQL ${server}, as role "${role}"`],
    ['  slot', slot],
    ['  publication', publication],
    ...tables.map(({ table, topic }, at) => [at === 0 ? '  tables' : '', `${table} to topic ${topic}`]),
  ];
}

function findingLines({ findings }: ChangesCheck): string[] {
  if (findings.length === 0) return ['', '  nothing to report'];
  return findings.flatMap((finding) => ['', `  ${finding.level}: ${finding.about}`, ...detailLines(finding)]);
}

function detailLines({ text, sql = [], next }: Finding): string[] {
  return [text, ...sql, ...(next === undefined ? [] : [next])].map((line) => `    ${line}`);
}

function actionLines({ actions }: ChangesCheck): string[] {
  return ['', '  at its start the source', ...actions.map((action) => `    ${action}`)];
}
