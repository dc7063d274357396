import { count, duration } from '../../observe/index.ts';
import type { WorkerStats } from '../../runtime/index.ts';

/** `  tables 1,204 entries 0.1 MB  commit 14 ms  aborted 2`, or how far a restore has come. Empty for an app without tables. */
export function stateText(state: WorkerStats['state']): string {
  if (state === undefined) return '';
  const { restore, commits } = state;
  if (restore !== undefined) {
    return `  restoring ${count(restore.offsets)} of ${count(restore.total)} offsets, ${count(restore.recordsPerSecond)}/s`;
  }
  const all = Object.values(state.tables);
  const entries = all.reduce((sum, table) => sum + table.entries, 0);
  const megabytes = all.reduce((sum, table) => sum + table.bytes, 0) / 1_000_000;
  const aborted = commits.aborted + commits.unknown;
  const failed = aborted === 0 ? '' : `  aborted ${count(aborted)}`;
  return `  tables ${count(entries)} entries ${megabytes.toFixed(1)} MB  commit ${duration(commits.meanMs)}${failed}`;
}
