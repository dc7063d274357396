import { randomUUID } from 'node:crypto';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import { readLetter } from '../../runtime/index.ts';
import { textOf } from '../../topics/index.ts';
import { wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { letterFilter, originOf } from './filter.ts';
import { LetterReader } from './letter-reader.ts';
import { letterTopics } from './topics.ts';

export async function showLetters(names: readonly string[], options: RawOptions): Promise<void> {
  const limit = wholeNumber('--limit', options['limit'], 1) ?? Number.POSITIVE_INFINITY;
  const isWanted = letterFilter(options);
  const session = await openAppSession(options);
  try {
    const admin = await session.admin();
    const topics = await letterTopics(session, admin, names);
    const groupId = `${session.app.id}.dlq-show.${randomUUID()}`;
    const reader = new LetterReader(await session.client(), admin, groupId, topics);
    let shown = 0;
    try {
      for await (const { partition, record } of reader.letters()) {
        if (!isWanted(readLetter(record.headers))) continue;
        print(session, partition, record, options['stack'] === true);
        if (++shown >= limit) break;
      }
    } finally {
      await reader.close();
      await admin.deleteGroups([groupId]).catch(() => undefined);
    }
    if (shown === 0) session.output.line('no letters');
  } finally {
    await session.close();
  }
}

function print({ output }: AppSession, { topic, partition }: TopicPartition, record: KafkaRecord, withStack: boolean): void {
  const letter = readLetter(record.headers);
  const [key, value] = [record.key, record.value].map((bytes) => (bytes === null ? null : textOf(bytes)));
  const { stack, ...rest } = letter;
  output.data({ letter: { topic, partition, offset: record.offset }, ...rest, ...(withStack ? { stack } : {}), key, value });
  output.line(
    `${topic}[${partition}]@${record.offset}  from ${originOf(letter)}  ${letter.agent ?? '(not decoded)'}  ${triesOf(letter.attempts)}`,
  );
  output.line(`  ${letter.error ?? 'Error'}: ${letter.message ?? ''}`);
  if (withStack && stack !== undefined) output.line(stack.replaceAll(/^/gm, '    '));
  output.line(`  ${typeof value === 'string' ? value : JSON.stringify(value)}`);
}

function triesOf(attempts: number | undefined): string {
  if (attempts === undefined) return 'tried an unknown number of times';
  return attempts === 1 ? 'tried once' : `tried ${attempts} times`;
}
