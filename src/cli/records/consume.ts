import { randomUUID } from 'node:crypto';
import type { CommittedOffset, KafkaAdmin, Subscription } from '../../kafka/index.ts';
import { CommandError } from '../command-error.ts';
import { listFlag, textFlag, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { checkPresent } from '../topics/describe.ts';
import { nameOf } from './partition-name.ts';
import { type Place, placeOf } from './place.ts';
import { recordPrinter, SHOWN, type Shown } from './printer.ts';
import { type Range, rangeOf } from './range.ts';
import { Reader } from './reader.ts';

interface Plan {
  readonly limit: number;
  readonly from: Place;
  readonly until: Place | undefined;
  readonly follow: boolean;
  readonly partition: number | undefined;
  readonly key: string | undefined;
  readonly show: readonly Shown[];
  readonly group: string | undefined;
}

export async function consumeRecords(topics: readonly string[], options: RawOptions): Promise<void> {
  const plan = planOf(options);
  const session = await openSession(options);
  const stop = stopSignal();
  try {
    const admin = await session.admin();
    await checkPresent(admin, topics);
    await read(session, admin, topics, plan, stop.signal);
  } finally {
    await session.close();
    stop.release();
  }
}

function planOf(options: RawOptions): Plan {
  const until = textFlag(options, 'until');
  const plan: Plan = {
    limit: wholeNumber('--limit', options['limit'], 1) ?? Number.POSITIVE_INFINITY,
    from: placeOf('--from', textFlag(options, 'from') ?? 'earliest'),
    until: until === undefined ? undefined : untilOf(until),
    follow: options['follow'] === true,
    partition: wholeNumber('--partition', options['partition']),
    key: textFlag(options, 'key'),
    show: listFlag(options, 'show')?.map(shownOf) ?? ['partition'],
    group: textFlag(options, 'group'),
  };
  if (plan.from.kind === 'latest' && !plan.follow)
    throw new CommandError(2, '--from latest prints only what is sent from now on', { next: 'Add --follow.' });
  if (plan.group !== undefined) checkGroup(plan);
  return plan;
}

function untilOf(text: string): Place {
  const place = placeOf('--until', text);
  if (place.kind === 'offset' || place.kind === 'time') return place;
  throw new CommandError(2, `--until: expected an offset or a time, got ${JSON.stringify(text)}`);
}

function shownOf(word: string): Shown {
  const shown = SHOWN.find((each) => each === word);
  if (shown !== undefined) return shown;
  throw new CommandError(2, `--show: expected some of ${SHOWN.join(',')}, got ${JSON.stringify(word)}`);
}

/** A member of a group begins where the group stands, and commits what it has passed. */
function checkGroup({ from, until, partition, key }: Plan): void {
  const foreign =
    from.kind !== 'earliest' && from.kind !== 'latest'
      ? '--from with an offset or a time'
      : until !== undefined
        ? '--until'
        : partition !== undefined
          ? '--partition'
          : key !== undefined
            ? '--key'
            : undefined;
  if (foreign !== undefined) throw new CommandError(2, `${foreign} does not go with --group: a group reads from its committed offsets`);
}

async function read(session: Session, admin: KafkaAdmin, topics: readonly string[], plan: Plan, signal: AbortSignal): Promise<void> {
  const { group, limit, show, key } = plan;
  const range = await rangeOf(admin, topics, plan);
  const committed = group === undefined ? undefined : await admin.groupOffsets(group, topics);
  const start = plan.from.kind === 'latest' ? 'latest' : 'earliest';
  const reader = new Reader({
    admin,
    start,
    ...rangeFor(range, committed),
    limit,
    print: recordPrinter(session, { show, key, stopAtMs: range.stopAtMs }),
  });
  const client = await session.client();
  const groupId = group ?? `streamer-consume-${randomUUID()}`;
  let subscription: Subscription | undefined;
  try {
    subscription = await client.subscribe({ groupId, topics, start }, (own) => reader.attach(own));
    await reader.finished(signal, range.stopAtMs);
    if (group !== undefined) await reader.commit();
  } finally {
    await subscription?.close();
    // The group was made for this command: others should not find it.
    if (group === undefined) await admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

/** With a group, its commits are the positions; else those of the range. */
function rangeFor({ starts, ends }: Range, committed: readonly CommittedOffset[] | undefined) {
  return committed === undefined ? { starts, ends, isMember: false } : { starts: startsOf(committed), ends, isMember: true };
}

function startsOf(committed: readonly CommittedOffset[]): Map<string, number> {
  return new Map(
    committed.filter(({ offset }) => offset >= 0).map(({ topic, partition, offset }) => [nameOf({ topic, partition }), offset]),
  );
}
