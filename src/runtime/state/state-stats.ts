import type { Telemetry } from '../../observe/index.ts';
import type { RestoreProgress, StateStats, TableStats } from '../events/worker-events.ts';
import type { Task } from '../task/task.ts';

export interface StateStatsParts {
  /** Names of all tables of the app. */
  readonly tables: Iterable<string>;
  readonly tasks: readonly Task[];
  readonly telemetry: Telemetry;
  /** Undefined while nothing is restored. */
  readonly restore: RestoreProgress | undefined;
}

/** What a worker's tables hold, and how their commits go. */
export function stateStatsOf({ tables, tasks, telemetry, restore }: StateStatsParts): StateStats {
  const outcome = (name: string) => telemetry.total('transactions_total', { outcome: name });
  const { mean, p99, max } = telemetry.histogram('transaction_duration_seconds', {}).summary();
  return {
    tables: Object.fromEntries([...tables].map((name) => [name, tableStatsOf(name, tasks)])),
    commits: {
      committed: outcome('committed'),
      aborted: outcome('aborted'),
      unknown: outcome('unknown'),
      ...{ meanMs: mean, p99Ms: p99, maxMs: max },
    },
    ...(restore === undefined ? {} : { restore }),
  };
}

function tableStatsOf(name: string, tasks: readonly Task[]): TableStats {
  const stats = { entries: 0, bytes: 0, changed: 0 };
  for (const { state } of tasks) {
    const shard = state?.shards.get(name)?.shard;
    if (shard === undefined) continue;
    stats.entries += shard.base.size;
    stats.bytes += shard.base.bytes;
    stats.changed += shard.dirtyEntries;
  }
  return stats;
}
