import type { Answers } from '../customer.ts';
import type { Parts } from './parts.ts';

export type AnswersByJob = ReadonlyMap<string, Answers>;

/**
 * What the table "answers" holds, read from its changelog as any consumer could (docs/state.md): the last record of a key counts, and one
 * without value deletes it. A value is one byte of format, the time as a varint, and the value of the table.
 */
export async function committedAnswers({ client, admin }: Pick<Parts, 'client' | 'admin'>, changelog: string): Promise<AnswersByJob> {
  const marks = await admin.watermarks(changelog, { isolation: 'committed' });
  const reader = await client.reader();
  const answers = new Map<string, Answers>();
  try {
    const ranges = marks.map(({ earliest, latest, ...partition }) => ({ ...partition, from: earliest, to: latest }));
    for await (const { records } of reader.read(ranges)) {
      for (const { key, value } of records) {
        if (key === null || key.toString('utf8') === '\0streamer.cut') continue;
        if (value === null) answers.delete(key.toString('utf8'));
        else answers.set(key.toString('utf8'), JSON.parse(value.subarray(behindTime(value)).toString('utf8')) as Answers);
      }
    }
  } finally {
    await reader.close();
  }
  return answers;
}

function behindTime(value: Buffer): number {
  let at = 1;
  while ((value[at] ?? 0) >= 0x80) at++;
  return at + 1;
}

/** Jobs of which the table has counted something else than was published since `before`. */
export function wrongJobs(before: AnswersByJob, after: AnswersByJob, published: AnswersByJob): string[] {
  const none: Answers = { yes: 0, no: 0 };
  return [...new Set([...after.keys(), ...published.keys()])].sort().filter((job) => {
    const [old, now, seen] = [before, after, published].map((answers) => answers.get(job) ?? none) as [Answers, Answers, Answers];
    return now.yes - old.yes !== seen.yes || now.no - old.no !== seen.no;
  });
}
