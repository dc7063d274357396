import { KafkaError } from '../../../errors.ts';
import { describeGroups, offsetCommit, offsetFetch } from '../../../wire/apis/group.ts';
import { ErrorCode, errorName } from '../../../wire/error-code.ts';
import type { CommittedOffset, GroupMember, GroupOffset, KafkaAdmin, TopicPartition } from '../../client.ts';
import { byTopic, partitionKey } from '../../partitions.ts';
import type { Cluster } from '../cluster.ts';
import { CoordinatorCalls } from '../coordinator-calls.ts';
import { codeError, codeOf, wrapped } from '../errors.ts';
import { readMetadata } from '../metadata.ts';
import { request } from '../request.ts';
import type { AdminSession } from './session.ts';

type GroupAdmin = Pick<KafkaAdmin, 'groupMembers' | 'groupOffsets' | 'setGroupOffsets' | 'deleteGroups'>;

/** From here on an answer leaves out what an open transaction may still change; version 8 asks for several groups. */
const STABLE_SINCE = 7;
/** A member that is not one: offsets are then taken only while the group has none. */
const NOBODY = { generationId: -1, memberId: '' };

/** Consumer groups from outside: their members, and what they committed. */
export function groupAdmin({ admin, cluster }: AdminSession): GroupAdmin {
  return {
    groupMembers: (groupId) => membersOf(cluster, groupId),

    async groupOffsets(groupId, topics, { stable = false } = {}) {
      if (topics.length === 0) return [];
      const partitions = await wrapped(`reading the partitions of ${topics.join(', ')}`, () => partitionsOf(cluster, topics));
      return offsetsOf(cluster, groupId, partitions, stable);
    },

    async setGroupOffsets(groupId, offsets) {
      if (offsets.length > 0) await setOffsets(cluster, groupId, offsets);
    },

    async deleteGroups(groupIds) {
      await wrapped(`deleting groups ${groupIds.join(', ')}`, () => admin.deleteGroups([...groupIds]));
    },
  };
}

const coordinatorOf = (cluster: Cluster, groupId: string): CoordinatorCalls => new CoordinatorCalls(cluster, 'group', groupId);

async function membersOf(cluster: Cluster, groupId: string): Promise<GroupMember[]> {
  const doing = `reading the members of group "${groupId}"`;
  return coordinatorOf(cluster, groupId).ask(doing, async (broker) => {
    const { groups } = await request(broker, describeGroups, { groups: [groupId] });
    return groups.flatMap(({ errorCode, members }) => {
      failIf(errorCode, doing);
      return members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, host: clientHost.replace(/^\//, '') }));
    });
  });
}

/** In order; those of topics that do not exist are left out. */
async function partitionsOf(cluster: Cluster, topics: readonly string[]): Promise<TopicPartition[]> {
  const found = await readMetadata(cluster, topics);
  return found.flatMap(({ name, partitions }) =>
    partitions.map(({ index }) => ({ topic: name, partition: index })).sort((a, b) => a.partition - b.partition),
  );
}

async function offsetsOf(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  stable: boolean,
): Promise<CommittedOffset[]> {
  const doing = `reading the offsets of group "${groupId}"`;
  const topics = byTopic(partitions, ({ partition }) => partition).map(named);
  return coordinatorOf(cluster, groupId).ask(doing, async (broker) => {
    const range = { newest: STABLE_SINCE, ...(stable ? { oldest: STABLE_SINCE } : {}) };
    const answer = await request(broker, offsetFetch, { groupId, topics, groups: [], requireStable: stable }, range);
    failIf(answer.errorCode, doing);
    const found = new Map<string, CommittedOffset>();
    for (const { name, partitions: own } of answer.topics) {
      for (const { index, errorCode, offset, metadata } of own) {
        failIf(errorCode, doing, { topic: name, partition: index });
        const place = { topic: name, partition: index };
        found.set(partitionKey(place), { ...place, offset: Math.max(-1, offset), metadata: metadata || null });
      }
    }
    return partitions.map((place) => found.get(partitionKey(place)) ?? { ...place, offset: -1, metadata: null });
  });
}

async function setOffsets(cluster: Cluster, groupId: string, offsets: readonly GroupOffset[]): Promise<void> {
  const doing = `setting the offsets of group "${groupId}"`;
  const topics = byTopic(offsets, ({ partition, offset, metadata = null }) => ({ index: partition, offset, metadata })).map(named);
  await coordinatorOf(cluster, groupId)
    .ask(doing, async (broker) => {
      const answer = await request(broker, offsetCommit, { groupId, ...NOBODY, topics });
      for (const { name, partitions } of answer.topics)
        for (const { index, errorCode } of partitions) failIf(errorCode, doing, { topic: name, partition: index });
    })
    .catch((error: unknown) => {
      throw codeOf(error) === 'UNKNOWN_MEMBER_ID' ? hasMembers(groupId, error) : error;
    });
}

function failIf(errorCode: number, doing: string, place: Partial<TopicPartition> = {}): void {
  if (errorCode !== ErrorCode.NONE) throw codeError(errorName(errorCode), doing, place);
}

function hasMembers(groupId: string, cause: unknown): KafkaError {
  return new KafkaError('refused', `group "${groupId}" has running members`, {
    kafkaCode: 'NON_EMPTY_GROUP',
    next: 'Stop them first: their next commit would undo the change.',
    cause,
  });
}

/** Requests call a topic `name`. */
const named = <P>({ topic, partitions }: { readonly topic: string; readonly partitions: readonly P[] }) => ({ name: topic, partitions });
