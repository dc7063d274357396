import { CommandError } from '../command-error.ts';
import { wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { jsonLine } from '../records/json-line.ts';
import { shown } from '../records/printer.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { committedIn, type Entry, entryOf } from './committed.ts';
import { tableOf } from './table.ts';

interface Plan {
  readonly limit: number;
  readonly partition: number | undefined;
}

export async function dumpTable(name: string, options: RawOptions): Promise<void> {
  const plan: Plan = {
    limit: wholeNumber('--limit', options['limit'], 1) ?? Number.POSITIVE_INFINITY,
    partition: wholeNumber('--partition', options['partition']),
  };
  const session = await openAppSession(options);
  const stop = stopSignal();
  try {
    let printed = 0;
    for await (const { key, value, ...entry } of entriesOf(session, name, plan)) {
      if (stop.signal.aborted || printed++ >= plan.limit) break;
      session.output.line(`${shown(key)}  ${shown(value)}`);
      if (session.output.json) session.output.dataText(jsonLine({ ...entry, key, value }));
    }
  } finally {
    await session.close();
    stop.release();
  }
}

/** One partition after the other, so that one alone is in memory. */
async function* entriesOf(session: AppSession, name: string, { partition }: Plan): AsyncGenerator<Entry> {
  const table = tableOf(session.app, name);
  const admin = await session.admin();
  const reader = await (await session.client()).reader();
  const all = await admin.watermarks(table.changelog, { isolation: 'committed' });
  const wanted = partition === undefined ? all : all.filter((marks) => marks.partition === partition);
  if (wanted.length === 0) throw new CommandError(2, `--partition ${partition}: "${table.changelog}" has ${all.length} partitions`);
  for (const marks of wanted)
    for (const { key, value } of (await committedIn(reader, marks)).entries()) yield entryOf(table, marks, key, value);
}
