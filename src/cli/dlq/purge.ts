import { confirm } from '../confirm.ts';
import { wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { openAppSession } from '../session.ts';
import { letterTopics } from './topics.ts';

export async function purgeLetters(names: readonly string[], options: RawOptions): Promise<void> {
  const before = wholeNumber('--before', options['before']);
  const session = await openAppSession(options);
  try {
    const admin = await session.admin();
    const topics = await letterTopics(session, admin, names);
    const marks = (await Promise.all(topics.map((topic) => admin.watermarks(topic)))).flat();
    const cuts = marks
      .map(({ topic, partition, earliest, latest }) => ({ topic, partition, earliest, offset: Math.min(before ?? latest, latest) }))
      .filter(({ earliest, offset }) => offset > earliest);
    const total = cuts.reduce((sum, { earliest, offset }) => sum + offset - earliest, 0);
    if (total > 0)
      await confirm(`this deletes ${total} dead letters of ${[...new Set(cuts.map(({ topic }) => topic))].join(', ')}`, options);
    if (cuts.length > 0) await admin.deleteRecords(cuts.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    for (const { topic, partition, earliest, offset } of cuts) {
      session.output.line(`${topic}[${partition}]  ${offset - earliest} purged, up to ${offset}`);
      session.output.data({ topic, partition, purged: offset - earliest, before: offset });
    }
    if (cuts.length === 0) session.output.line('nothing to purge');
  } finally {
    await session.close();
  }
}
