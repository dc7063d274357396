import { randomUUID } from 'node:crypto';
import type { KafkaAdmin, Subscription } from '../../kafka/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { checkPresent } from '../topics/describe.ts';
import { wholeNumber } from './options.ts';
import { recordPrinter } from './printer.ts';
import { Reader } from './reader.ts';

export async function consumeRecords(topics: readonly string[], options: RawOptions): Promise<void> {
  const start = options['from'];
  if (start !== 'earliest' && start !== 'latest')
    throw new CommandError(2, `--from: expected earliest or latest, got ${JSON.stringify(start)}`);
  const limit = wholeNumber('--limit', options['limit'], 1) ?? Number.POSITIVE_INFINITY;
  const session = await openSession(options);
  const stop = stopSignal();
  try {
    const admin = await session.admin();
    await checkPresent(admin, topics);
    const ends = options['follow'] === true ? undefined : await endsOf(admin, topics, start === 'latest');
    const group = options['group'] as string | undefined;
    const committed = group === undefined ? undefined : await admin.groupOffsets(group, topics);
    const reader = new Reader({ admin, start, limit, ends, committed, print: recordPrinter(session) });
    await read(session, reader, topics, { group, start, signal: stop.signal });
  } finally {
    await session.close();
    stop.release();
  }
}

interface ReadOptions {
  readonly group: string | undefined;
  readonly start: 'earliest' | 'latest';
  readonly signal: AbortSignal;
}

async function read(session: Session, reader: Reader, topics: readonly string[], { group, start, signal }: ReadOptions): Promise<void> {
  const client = await session.client();
  const groupId = group ?? `streamer-consume-${randomUUID()}`;
  let subscription: Subscription | undefined;
  try {
    subscription = await client.subscribe({ groupId, topics, start }, (own) => reader.attach(own));
    await reader.finished(signal);
    if (group !== undefined) await reader.commit();
  } finally {
    await subscription?.close();
    // A group of our own is not to be found by others afterwards.
    if (group === undefined) await (await session.admin()).deleteGroups([groupId]).catch(() => undefined);
  }
}

/** Where each partition ends now. Reading from the latest record without following means reading nothing. */
async function endsOf(admin: KafkaAdmin, topics: readonly string[], nothing: boolean): Promise<Map<string, number>> {
  const watermarks = await Promise.all(topics.map((topic) => admin.watermarks(topic)));
  if (nothing) throw new CommandError(2, '--from latest prints only what comes from now on', { next: 'Add --follow.' });
  return new Map(
    watermarks.flat().map(({ topic, partition, earliest, latest }) => [`${topic}[${partition}]`, earliest >= latest ? 0 : latest]),
  );
}
