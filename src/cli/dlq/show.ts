import type { KafkaRecord, ReadRange, TopicPartition } from '../../kafka/index.ts';
import { readLetter } from '../../runtime/index.ts';
import { textOf } from '../../topics/index.ts';
import { wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { letterFilter, originOf } from './filter.ts';
import { letterTopics } from './topics.ts';

export async function showLetters(names: readonly string[], options: RawOptions): Promise<void> {
  const limit = wholeNumber('--limit', options['limit'], 1) ?? Number.POSITIVE_INFINITY;
  const isWanted = letterFilter(options);
  const session = await openAppSession(options);
  try {
    const admin = await session.admin();
    const topics = await letterTopics(session, admin, names);
    const marks = (await Promise.all(topics.map((topic) => admin.watermarks(topic, { isolation: 'committed' })))).flat();
    const letters = marks.map(({ earliest, latest, ...partition }) => ({ ...partition, from: earliest, to: latest }));
    const shown = await show(session, letters, { limit, isWanted, withStack: options['stack'] === true });
    if (shown === 0) session.output.line('no letters');
  } finally {
    await session.close();
  }
}

interface Wanted {
  readonly limit: number;
  readonly isWanted: ReturnType<typeof letterFilter>;
  readonly withStack: boolean;
}

/** Resolves to the number of letters that were printed. */
async function show(session: AppSession, letters: readonly ReadRange[], { limit, isWanted, withStack }: Wanted): Promise<number> {
  const reader = await (await session.client()).reader();
  let shown = 0;
  for await (const { partition, records } of reader.read(letters)) {
    for (const record of records) {
      if (!isWanted(readLetter(record.headers))) continue;
      print(session, partition, record, withStack);
      if (++shown >= limit) return shown;
    }
  }
  return shown;
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
