import { utf8Lines } from '../../connect/index.ts';
import { isStreamerError } from '../../errors.ts';
import { count } from '../../observe/index.ts';
import type { SendResult } from '../../topics/index.ts';
import { CommandError } from '../command-error.ts';
import { pairs, textFlag, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import { declaredSender, rawSender, type Sender } from './sender.ts';

/** Records of standard input that are sent together. */
const BATCH = 500;

export async function sendRecords(topic: string, value: string | undefined, options: RawOptions): Promise<void> {
  const isTombstone = options['tombstone'] === true;
  if ((value === undefined) !== isTombstone) {
    throw new CommandError(2, isTombstone ? 'a tombstone has no value' : 'no value given', {
      next: 'Give a value, or - for standard input, or --tombstone.',
    });
  }
  const frame = {
    key: textFlag(options, 'key'),
    headers: grouped(pairs('--header', options['header'])),
    partition: wholeNumber('--partition', options['partition']),
    timestamp: wholeNumber('--timestamp', options['timestamp']),
  };
  const session = await openSession(options);
  try {
    const sender = await senderOf(session, topic);
    if (value === '-') await sendLines(session, sender, frame);
    else for (const result of await sender([{ ...frame, value: value ?? null }])) print(session, result);
  } finally {
    await session.close();
  }
}

/** A repeated name keeps all its values, in order. */
function grouped(headers: ReadonlyArray<readonly [name: string, value: string]>): Record<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of headers) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries(groups);
}

async function senderOf(session: Session, name: string): Promise<Sender> {
  const admin = await session.admin();
  const partitions = (await admin.partitionCounts([name])).get(name);
  if (partitions === undefined) throw new CommandError(1, `no such topic: ${name}`, { next: `Create it:  streamer topics create ${name}` });
  const declared = session.app?.topics.get(name);
  if (declared !== undefined) return declaredSender(declared);
  if (session.app !== undefined) {
    throw new CommandError(2, `app "${session.app.id}" does not declare a topic "${name}"`, {
      next: `It declares: ${[...session.app.topics.keys()].join(', ')}. Without -A the value is sent as it is.`,
    });
  }
  return rawSender(await (await session.client()).producer(), name, partitions);
}

async function sendLines(session: Session, sender: Sender, frame: Omit<Parameters<Sender>[0][number], 'value'>): Promise<void> {
  let sent = 0;
  let batch: string[] = [];
  const flush = async () => {
    const results = await sender(batch.map((value) => ({ ...frame, value })));
    sent += results.length;
    for (const result of results) session.output.data(result);
    batch = [];
  };
  try {
    for await (const line of utf8Lines(process.stdin, 'standard input')) {
      if (line === '') continue;
      batch.push(line);
      if (batch.length >= BATCH) await flush();
    }
  } catch (cause) {
    if (!isStreamerError(cause) || cause.code !== 'DECODE') throw cause;
    // The lines before it are as good as ever.
    if (batch.length > 0) await flush();
    throw new CommandError(1, cause.message, { next: `The ${count(sent)} records before it are sent. Give the rest in UTF-8.`, cause });
  }
  if (batch.length > 0) await flush();
  session.output.line(`sent ${count(sent)} records`);
}

function print(session: Session, result: SendResult): void {
  session.output.line(`${result.topic}[${result.partition}]@${result.offset}`);
  session.output.data(result);
}
