import type { RawOptions } from '../options.ts';
import { openSession } from '../session.ts';

export async function listTopics(options: RawOptions): Promise<void> {
  const session = await openSession(options);
  try {
    const admin = await session.admin();
    const names = session.app?.topicSpecs().map((spec) => spec.name) ?? (await admin.listTopics()).sort();
    const counts = names.length === 0 ? new Map<string, number>() : await admin.partitionCounts(names);
    if (names.length === 0) session.output.line('no topics');
    session.output.table(names.map((name) => [name, countText(counts.get(name))]));
    for (const name of names) session.output.data({ topic: name, partitions: counts.get(name) ?? null });
  } finally {
    await session.close();
  }
}

function countText(partitions: number | undefined): string {
  return partitions === undefined ? 'missing' : `${partitions} partition${partitions === 1 ? '' : 's'}`;
}
