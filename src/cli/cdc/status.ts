import type { ChangesStatus } from '../../connect/index.ts';
import type { RawOptions } from '../options.ts';
import { openAppSession } from '../session.ts';
import { changesSources } from './sources.ts';

export async function showStatus(names: readonly string[], options: RawOptions): Promise<void> {
  const { app, output, close } = await openAppSession(options);
  try {
    const sources = changesSources(app, names);
    if (sources.size === 0) output.line(`${app.id} captures no changes: app.source(name, postgresChanges({ ... })) declares that it does`);
    for (const [name, source] of sources) {
      const status = await source.status();
      output.table([[name, ''], ...lines(status)]);
      output.data({ source: name, ...status });
      if (status.missing.length > 0 || status.state?.walStatus === 'lost') process.exitCode = 1;
    }
  } finally {
    await close();
  }
}

function lines({ slot, state, publication, published, missing, reader, maxSlotWalKeepSize }: ChangesStatus): string[][] {
  const tables = published.length === 0 ? 'not there yet: made at the first start' : published.join(', ');
  return [
    ['  slot', state === undefined ? `${slot}, not there yet: made at the first start` : `${slot}, ${state.walStatus}`],
    ...(state === undefined ? [] : [['  confirmed', `${state.confirmed}, ${bytes(state.lagBytes)} behind`]]),
    ...(state === undefined ? [] : [['  log kept', `${bytes(state.keptBytes)}, ${keptText(maxSlotWalKeepSize, state.safeBytes)}`]]),
    ['  publication', `${publication}: ${tables}`],
    ...(missing.length === 0 || published.length === 0 ? [] : [['  not published', missing.join(', ')]]),
    ['  reader', reader ?? 'none'],
  ];
}

function keptText(limit: string, safeBytes: number | undefined): string {
  if (limit === '-1') return 'without limit: while nobody reads, it grows until the disk is full (max_slot_wal_keep_size is -1)';
  return `given up after ${bytes(safeBytes ?? 0)} more (max_slot_wal_keep_size is ${limit})`;
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const unit = count < 1024 ** 2 ? 1 : count < 1024 ** 3 ? 2 : 3;
  return `${(count / 1024 ** unit).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB'][unit]}`;
}
