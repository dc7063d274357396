import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { openSession } from '../session.ts';
import { checkPresent } from './describe.ts';
import { requireNames } from './wanted.ts';

export async function deleteTopics(names: readonly string[], options: RawOptions): Promise<void> {
  const session = await openSession(options);
  try {
    requireNames(session, names);
    const admin = await session.admin();
    const wanted = names.length > 0 ? names : await topicsOfApp();
    if (names.length > 0) await checkPresent(admin, wanted);
    if (wanted.length > 0) await admin.deleteTopics(wanted);
    session.output.table(wanted.map((topic) => [topic, 'deleted']));
    for (const topic of wanted) session.output.data({ topic, status: 'deleted' });

    async function topicsOfApp(): Promise<string[]> {
      const declared = session.app?.topicSpecs().map((spec) => spec.name) ?? [];
      if (options['yes'] !== true)
        throw new CommandError(2, `this deletes ${declared.join(', ')} with all their records`, { next: 'Say --yes to do it.' });
      const there = await admin.partitionCounts(declared);
      return declared.filter((name) => there.has(name));
    }
  } finally {
    await session.close();
  }
}
