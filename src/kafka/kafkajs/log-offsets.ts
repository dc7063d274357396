import { deleteRecords, listOffsets } from '../../wire/apis/data.ts';
import { ErrorCode, errorName } from '../../wire/error-code.ts';
import type { Isolation, TopicPartition, Watermarks } from '../client.ts';
import { byTopic, partitionKey } from '../partitions.ts';
import type { Broker, Cluster } from './cluster.ts';
import { codeError } from './errors.ts';
import { eachLeader, type LeaderOf, leadersKnownTo } from './leaders.ts';
import { request } from './request.ts';

/** Times with a meaning, in a request for offsets. https://kafka.apache.org/protocol#The_Messages_ListOffsets */
const EARLIEST = -2;
const LATEST = -1;
const CONSUMER = -1;
const LEVELS: Readonly<Record<Isolation, number>> = { uncommitted: 0, committed: 1 };
const DELETE_MS = 15_000;

/** First offset and end of each partition, from their leaders. @throws KafkaError (rejects) */
export async function readRanges(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  isolation: Isolation = 'uncommitted',
  leaderOf = leadersKnownTo(cluster),
): Promise<Watermarks[]> {
  return eachLeader(cluster, partitions, leaderOf, async (leader, own) => {
    const [earliest, latest] = await Promise.all([offsetsAt(leader, own, EARLIEST, isolation), offsetsAt(leader, own, LATEST, isolation)]);
    return own.map((tp, index) => ({ ...tp, earliest: earliest[index] ?? 0, latest: latest[index] ?? 0 }));
  });
}

/** Deletes the records below the offsets. @throws KafkaError (rejects) for the first partition that refuses */
export async function deleteBelow(
  cluster: Cluster,
  offsets: ReadonlyArray<TopicPartition & { readonly offset: number }>,
  leaderOf: LeaderOf,
): Promise<void> {
  await eachLeader(cluster, offsets, leaderOf, async (leader, own) => {
    const topics = byTopic(own, ({ partition, offset }) => ({ index: partition, offset })).map(named);
    const answer = await request(leader, deleteRecords, { topics, timeoutMs: DELETE_MS });
    for (const { name, partitions } of answer.topics) {
      for (const { index, errorCode } of partitions) failIf(errorCode, 'deleting records', name, index);
    }
    return [];
  });
}

/** By position in `partitions`. */
async function offsetsAt(
  leader: Broker,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: Isolation,
): Promise<number[]> {
  const topics = byTopic(partitions, ({ partition }) => ({ index: partition, timestamp })).map(named);
  const answer = await request(leader, listOffsets, { replicaId: CONSUMER, isolationLevel: LEVELS[isolation], topics });
  const found = new Map(
    answer.topics.flatMap(({ name, partitions: all }) => all.map((one) => [partitionKey({ topic: name, partition: one.index }), one])),
  );
  return partitions.map(({ topic, partition }) => {
    const one = found.get(partitionKey({ topic, partition }));
    failIf(one?.errorCode ?? ErrorCode.NONE, 'reading offsets', topic, partition);
    return one?.offset ?? 0;
  });
}

function failIf(errorCode: number, doing: string, topic: string, partition: number): void {
  if (errorCode !== ErrorCode.NONE) throw codeError(errorName(errorCode), doing, { topic, partition });
}

/** Requests call a topic `name`. */
const named = <P>({ topic, partitions }: { readonly topic: string; readonly partitions: readonly P[] }) => ({ name: topic, partitions });
