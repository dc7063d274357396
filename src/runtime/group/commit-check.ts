import { StreamerError } from '../../errors.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import type { CommitMark } from '../offsets/commit-mark.ts';
import type { FinishedMap } from '../offsets/finished-map.ts';
import type { AgentRuntime } from '../work/agent-runtime.ts';

/**
 * A worker that lacks a table would read on and leave the table behind; when it has it again, the events between would be missing.
 *
 * @param tables names of those that this worker keeps for the partition
 * @throws StreamerError when the commit names another that has entries
 */
export function checkTables(place: TopicPartition, mark: CommitMark | undefined, tables: readonly string[]): void {
  const missing = [...(mark?.numbers ?? [])].filter(([table, number]) => number > 0 && !tables.includes(table)).map(([table]) => table);
  if (missing.length === 0) return;
  const names = missing.map((table) => `"${table}"`).join(', ');
  throw new StreamerError('REFUSED', `the partition feeds table ${names}, which this worker does not have`, {
    ...place,
    next: 'Start a version of the app that declares it. If it was removed for good: stop all workers, and `streamer reset -A <app>` to an offset.',
  });
}

/**
 * What agents have finished ahead of a commit, by the names that they have now. What an agent has finished is in the tables: under
 * a name that no agent has it would be done again.
 *
 * @throws StreamerError for a name that no agent has or had
 */
export function finishedByName(place: TopicPartition, finished: FinishedMap, runtimes: readonly AgentRuntime[]): FinishedMap {
  const names = new Map(runtimes.map(({ agent }) => [agent.name, agent.name]));
  for (const { agent } of runtimes) if (agent.renamedFrom !== undefined) names.set(agent.renamedFrom, agent.name);
  return new Map([...finished].map(([agent, ranges]) => [names.get(agent) ?? unknownAgent(place, agent), ranges]));
}

function unknownAgent(place: TopicPartition, agent: string): never {
  const problem = `agent "${agent}" has finished events ahead of the group's offset, and no agent of that name reads the topic`;
  const next = `If another agent took its place, say so in its options: { renamedFrom: '${agent}' }.`;
  throw new StreamerError('REFUSED', problem, { ...place, next });
}
