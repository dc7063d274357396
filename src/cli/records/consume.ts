import type { CommittedOffset, KafkaAdmin } from '../../kafka/index.ts';
import { CommandError } from '../command-error.ts';
import { listFlag, textFlag, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { checkPresent } from '../topics/describe.ts';
import { GroupReader } from './group-reader.ts';
import { nameOf } from './partition-name.ts';
import { type Place, placeOf } from './place.ts';
import { type RecordPrinter, recordPrinter, SHOWN, type Shown } from './printer.ts';
import { type Range, rangeOf } from './range.ts';

/** As long as a timer can be. */
const LONGEST_MS = 2 ** 31 - 1;

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
  const { group, show, key } = plan;
  const range = await rangeOf(admin, topics, plan);
  const print = recordPrinter(session, { show, key, stopAtMs: range.stopAtMs });
  const time = range.stopAtMs === undefined ? [] : [AbortSignal.timeout(Math.min(Math.max(0, range.stopAtMs - Date.now()), LONGEST_MS))];
  const stop = AbortSignal.any([signal, ...time]);
  if (group === undefined) await readRange(session, range, print, plan.limit, stop);
  else await readAsMember(session, admin, topics, { ...plan, group, ends: endsOf(range), print }, stop);
}

async function readRange(session: Session, { stretches }: Range, print: RecordPrinter, limit: number, signal: AbortSignal): Promise<void> {
  const reader = await (await session.client()).reader();
  let printed = 0;
  for await (const { partition, records } of reader.read(stretches, signal)) {
    for (const record of records) {
      if (signal.aborted) return;
      if ((await print(partition, record)) && ++printed >= limit) return;
    }
  }
}

interface Membership extends Pick<Plan, 'from' | 'limit'> {
  readonly group: string;
  readonly ends: ReadonlyMap<string, number> | undefined;
  readonly print: RecordPrinter;
}

async function readAsMember(
  session: Session,
  admin: KafkaAdmin,
  topics: readonly string[],
  { group: groupId, from, limit, ends, print }: Membership,
  signal: AbortSignal,
): Promise<void> {
  const start = from.kind === 'latest' ? 'latest' : 'earliest';
  const committed = startsOf(await admin.groupOffsets(groupId, topics));
  const reader = new GroupReader({ admin, start, committed, ends, limit, print });
  const subscription = await (await session.client()).subscribe({ groupId, topics, start }, (own) => reader.attach(own));
  try {
    await reader.finished(signal);
    await reader.commit();
  } finally {
    await subscription.close();
  }
}

function startsOf(committed: readonly CommittedOffset[]): Map<string, number> {
  return new Map(committed.filter(({ offset }) => offset >= 0).map((each) => [nameOf(each), each.offset]));
}

/** By `topic[partition]`; undefined: without end. */
function endsOf({ stretches }: Range): Map<string, number> | undefined {
  const ends = stretches.flatMap(({ to, ...partition }) => (to === undefined ? [] : [[nameOf(partition), to] as const]));
  return ends.length === 0 ? undefined : new Map(ends);
}
