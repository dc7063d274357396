import type { App } from '../../app.ts';
import type { CommittedOffset, GroupOffset, KafkaAdmin } from '../../kafka/index.ts';
import { type CommitMark, decodeCommit, encodeExact } from '../../runtime/index.ts';
import type { Move } from './moves.ts';
import { tablesOfTask, taskTopicsOf } from './state-plan.ts';

/** Cut numbers by table and partition. */
export type CutNumbers = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * The offsets of a reset, as the worker of each partition will compare them: those of a task with tables carry the numbers of the cuts
 * that are in its changelogs. Other topics of the same tasks keep their offsets, and get the numbers.
 */
export async function markedOffsets(
  app: App,
  admin: KafkaAdmin,
  moves: readonly Move[],
  commits: readonly CommittedOffset[],
  numbers: CutNumbers,
): Promise<GroupOffset[]> {
  const topicIds = await admin.topicIds([...new Set([...moves, ...commits].map(({ topic }) => topic))]);
  const mark = (topic: string, partition: number, writer: string | undefined): CommitMark | undefined => {
    const tables = tablesOfTask(app, taskTopicsOf(app, topic));
    const topicId = topicIds.get(topic);
    if (tables.length === 0 || topicId === undefined) return undefined;
    const own = tables.flatMap(({ name }) => {
      const number = numbers.get(name)?.get(partition) ?? 0;
      return number === 0 ? [] : [[name, number] as const];
    });
    return { topicId, writer: writer ?? `${app.id}.reset`, numbers: new Map(own) };
  };
  const moved = moves.map(({ topic, partition, to: offset }) => {
    const made = mark(topic, partition, undefined);
    return { topic, partition, offset, metadata: made === undefined ? null : encodeExact(offset, new Map(), made) };
  });
  const isMoved = (commit: CommittedOffset) =>
    moves.some(({ topic, partition }) => topic === commit.topic && partition === commit.partition);
  const beside = commits.flatMap((commit): GroupOffset[] => {
    const { topic, partition, offset, metadata } = commit;
    const { finished, mark: before } = decodeCommit(offset, metadata);
    if (offset < 0 || before === undefined || isMoved(commit)) return [];
    const made = mark(topic, partition, before.writer);
    return made === undefined ? [] : [{ topic, partition, offset, metadata: encodeExact(offset, finished, made) }];
  });
  return [...moved, ...beside];
}
