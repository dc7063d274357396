import type { KafkaAdmin } from '../../kafka/index.ts';
import { confirm } from '../confirm.ts';
import type { RawOptions } from '../options.ts';
import { openSessionFor, type Session } from '../session.ts';
import { checkPresent } from './describe.ts';

export async function deleteTopics(names: readonly string[], options: RawOptions): Promise<void> {
  const session = await openSessionFor(names, options);
  try {
    const admin = await session.admin();
    if (names.length > 0) await checkPresent(admin, names);
    const wanted = names.length > 0 ? names : await topicsOfApp(session, admin);
    if (wanted.length === 0) return session.output.line('nothing to delete');
    await confirm(`this deletes ${wanted.join(', ')} with all records`, options);
    await admin.deleteTopics(wanted);
    session.output.table(wanted.map((topic) => [topic, 'deleted']));
    for (const topic of wanted) session.output.data({ topic, status: 'deleted' });
  } finally {
    await session.close();
  }
}

/** Returns those of the app's topics that exist. */
async function topicsOfApp({ app }: Session, admin: KafkaAdmin): Promise<string[]> {
  const declared = app?.topicSpecs().map((spec) => spec.name) ?? [];
  const existing = await admin.partitionCounts(declared);
  return declared.filter((name) => existing.has(name));
}
