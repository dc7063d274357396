import type { CommittedOffset, LogPosition, Subscription, TopicPartition } from '../../kafka/index.ts';
import { decodeCommit, encodeExact } from '../offsets/commit-metadata.ts';
import { freshStart, type InputStart } from '../task/input-start.ts';
import type { AssignedPartition, Plan } from './assignment.ts';
import { checkTables, finishedByName } from './commit-check.ts';
import { type OffsetsMovedPolicy, offsetsMoved } from './offsets-moved.ts';
import type { StablePosition } from './stable-positions.ts';
import { type OffsetOutOfRangePolicy, startOf } from './start-position.ts';

export interface StatefulStartsParts {
  readonly subscription: Pick<Subscription, 'commit'>;
  readonly plan: Plan;
  /** Transactional id of this worker. */
  readonly writer: string;
  readonly onOffsetOutOfRange: OffsetOutOfRangePolicy;
  readonly onOffsetsMoved: OffsetsMovedPolicy;
}

type Start = AssignedPartition & { readonly claim: CommittedOffset | undefined };

/**
 * Where the partitions of an app with tables start. What is committed is compared with what this worker would do, and then the worker
 * puts its transactional id into the commits of the partitions that it got: a successor finds it there.
 *
 * @throws StreamerError when they do not go together
 */
export async function statefulStarts(
  parts: StatefulStartsParts,
  positions: readonly StablePosition[],
  epoch: number,
): Promise<AssignedPartition[]> {
  const starts = positions.map((position) => startIn(parts, position, positions));
  const claims = starts.flatMap(({ claim }) => claim ?? []);
  if (claims.length > 0) await parts.subscription.commit(epoch, claims);
  return starts;
}

function startIn(parts: StatefulStartsParts, position: StablePosition, all: readonly StablePosition[]): Start {
  const { plan, writer } = parts;
  const { topic, partition, topicId } = position;
  const tables = plan.tablesOf(plan.groupOf(topic)).map(({ name }) => name);
  const { mark } = decodeCommit(position.committed ?? 0, position.metadata);
  checkTables({ topic, partition }, mark, tables);
  const plain = startOf(position, parts.onOffsetOutOfRange);
  if (tables.length === 0) return { partition: { topic, partition }, start: plain, claim: undefined };
  const isOther = mark !== undefined && mark.topicId !== topicId;
  if (isOther) offsetsMoved({ topic, partition }, 'the topic was deleted and created again', parts.onOffsetsMoved);
  const own = isOther ? freshStart(position.earliest) : plain;
  const finished = finishedByName(position, own.finished, plan.input(topic).runtimes);
  const numbers = numbersOf(position, all, plan);
  const metadata = encodeExact(own.position, finished, { topicId, writer, numbers });
  const start: InputStart = { position: own.position, finished, metadata, topicId, numbers };
  const isOwn = position.committed === own.position && position.metadata === metadata;
  return { partition: { topic, partition }, start, claim: isOwn ? undefined : { topic, partition, offset: own.position, metadata } };
}

/** Cut numbers of the commit. An input that the task has not had before takes those of the others. */
function numbersOf(
  { topic, partition, committed, metadata }: LogPosition,
  all: readonly LogPosition[],
  plan: Plan,
): ReadonlyMap<string, number> {
  if (committed !== undefined) return decodeCommit(committed, metadata).mark?.numbers ?? new Map();
  const group = plan.groupOf(topic);
  const siblings = all.filter((other: TopicPartition) => other.partition === partition && group.includes(other.topic));
  const marks = siblings.flatMap((other) => decodeCommit(other.committed ?? 0, other.metadata).mark ?? []);
  return marks[0]?.numbers ?? new Map();
}
