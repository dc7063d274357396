import type { Agent } from '../../agents/index.ts';
import { count } from '../../observe/index.ts';
import type { RawOptions } from '../options.ts';
import { openAppSession } from '../session.ts';

export async function listTables(options: RawOptions): Promise<void> {
  const session = await openAppSession(options);
  try {
    const { app, output } = session;
    if (app.tables.size === 0) return output.line(`app "${app.id}" has no tables`);
    const admin = await session.admin();
    const agents = [...app.agents.values()];
    const existing = await admin.partitionCounts([...app.tables.values()].map(({ changelog }) => changelog));
    const rows: string[][] = [];
    for (const { name: table, changelog, serdes } of app.tables.values()) {
      const writer = agents.find((agent) => uses(agent.tables, table))?.name ?? null;
      const readers = agents.filter((agent) => uses(agent.reads, table)).map(({ name }) => name);
      const partitions = existing.get(changelog) ?? 0;
      const marks = partitions === 0 ? [] : await admin.watermarks(changelog);
      const records = marks.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0);
      rows.push([
        table,
        writer ?? '-',
        readers.join(', ') || '-',
        changelog,
        partitions === 0 ? 'missing' : String(partitions),
        count(records),
      ]);
      output.data({ table, key: serdes.key.name, value: serdes.value.name, writer, readers, changelog, partitions, records });
    }
    output.table(rows, ['table', 'written by', 'read by', 'changelog', 'partitions', 'records']);
  } finally {
    await session.close();
  }
}

const uses = (tables: Agent['tables'], name: string): boolean => tables.some((table) => table.name === name);
