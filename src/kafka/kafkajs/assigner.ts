import type { Assigner, GroupMember as ClientMember } from 'kafkajs';
import { encodeAssignmentData } from './assignment-data.ts';
import { assignPartitions, type GroupMember } from './assignor.ts';
import type { Cluster } from './cluster.ts';
import { loadLibrary } from './library.ts';
import { decodeMemberData, encodeMemberData, type MemberData } from './member-data.ts';

const NAME = 'streamer';
/** Members with and without tables do not join one group: the latter would take partitions, and leave the state of their tables behind. */
const STATEFUL_NAME = 'streamer-tables';
const VERSION = 1;

/** kafkajs's view of `assignPartitions`. Each member sends its data in the user data of its subscription. */
export function createAssigner(cluster: Cluster, own: () => MemberData): Assigner {
  const { AssignerProtocol } = loadLibrary();
  const name = own().transactionalId === '' ? NAME : STATEFUL_NAME;
  return {
    name,
    version: VERSION,
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: encodeMemberData(own()) }),
    }),
    assign: async ({ members }) => {
      const group = members.map(readMember);
      const userData = encodeAssignmentData(group.flatMap(({ transactionalId }) => transactionalId || []));
      const counts = await partitionCounts(cluster, [...new Set(group.flatMap(({ topics }) => topics))]);
      return [...assignPartitions(group, counts)].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: VERSION, assignment, userData }),
      }));
    },
  };
}

function readMember({ memberId, memberMetadata }: ClientMember): GroupMember & { readonly transactionalId: string } {
  const { AssignerProtocol } = loadLibrary();
  const metadata = AssignerProtocol.MemberMetadata.decode(memberMetadata);
  const { partitions: owned, ...data } = decodeMemberData(metadata?.userData);
  return { id: memberId, topics: metadata?.topics ?? [], owned, ...data };
}

/** During a rolling change members may read topics that this one, the leader, does not. */
async function partitionCounts(cluster: Cluster, topics: readonly string[]): Promise<Map<string, number>> {
  const count = (topic: string): number => cluster.findTopicPartitionMetadata(topic).length;
  const unknown = topics.filter((topic) => count(topic) === 0);
  for (const topic of unknown) await cluster.addMultipleTargetTopics([topic]).catch(() => {});
  return new Map(topics.map((topic) => [topic, count(topic)]));
}
