import { count } from '../../observe/index.ts';
import { decodeFinished } from '../../runtime/index.ts';
import type { RawOptions } from '../options.ts';
import { openAppSession } from '../session.ts';
import { letterTopics, replayGroupOf } from './topics.ts';

export async function listLetters(options: RawOptions): Promise<void> {
  const session = await openAppSession(options);
  try {
    const admin = await session.admin();
    const topics = await letterTopics(session, admin, []);
    const replayed = topics.length === 0 ? [] : await admin.groupOffsets(replayGroupOf(session.app.id), topics);
    const rows: string[][] = [];
    for (const topic of topics) {
      let [letters, waiting] = [0, 0];
      for (const { partition, earliest, latest } of await admin.watermarks(topic)) {
        letters += latest - earliest;
        const position = replayed.find((each) => each.topic === topic && each.partition === partition);
        const from = Math.max(earliest, position?.offset ?? 0);
        const beyond = decodeFinished(position?.offset ?? 0, position?.metadata ?? null).get('replay') ?? [];
        waiting += latest - from - beyond.reduce((sum, [start, end]) => sum + Math.max(0, end - Math.max(start, from)), 0);
      }
      rows.push([topic, count(letters), count(waiting)]);
      session.output.data({ topic, letters, waiting });
    }
    session.output.table(rows, ['topic', 'letters', 'not replayed']);
  } finally {
    await session.close();
  }
}
