import type { Telemetry } from '../observe/index.ts';
import type { WorkerStats } from './events/worker-events.ts';
import type { Reading } from './reading.ts';
import type { Services } from './services.ts';
import type { SourceRunner } from './sources/source-runner.ts';
import { stateStatsOf } from './state/state-stats.ts';
import type { AgentRuntime } from './work/agent-runtime.ts';

export interface StatsParts {
  readonly services: Services;
  readonly reading: Reading;
  readonly runtimes: ReadonlyMap<string, AgentRuntime>;
  readonly runners: readonly SourceRunner[];
}

/** What a worker has done so far, and what it has in flight. */
export function statsOf({ services: { telemetry }, reading, runtimes, runners }: StatsParts): WorkerStats {
  return {
    events: telemetry.total('records_received_total'),
    tombstonesSkipped: telemetry.total('tombstones_skipped_total'),
    deadLettered: telemetry.total('dead_letters_total'),
    lag: reading.lag,
    assigned: reading.partitions,
    ...(reading.disconnectedSince === undefined ? {} : { disconnectedSince: reading.disconnectedSince }),
    agents: Object.fromEntries([...runtimes].map(([name, runtime]) => [name, agentStatsOf(name, runtime, reading)])),
    ...(reading.tables.length === 0 ? {} : { state: stateOf(reading, telemetry) }),
    sources: Object.fromEntries(runners.map(({ name, state, records }) => [name, { ...state, records }])),
  };
}

function agentStatsOf(name: string, runtime: AgentRuntime, { inputs }: Reading): WorkerStats['agents'][string] {
  let inFlight = 0;
  let unfinished = 0;
  for (const { agents, waiting } of inputs) {
    const own = agents.find(({ agent }) => agent === name);
    if (own === undefined) continue;
    inFlight += own.inFlight;
    unfinished += own.unfinished + waiting;
  }
  return runtime.stats(inFlight, unfinished - inFlight);
}

function stateOf({ tables, restore, membership: { tasks } }: Reading, telemetry: Telemetry): WorkerStats['state'] {
  return stateStatsOf({ tables, tasks, telemetry, restore });
}
