import type { Assigner, GroupMember as ClientMember } from 'kafkajs';
import { assignPartitions, type GroupMember } from './assignor.ts';
import type { Cluster } from './cluster.ts';
import { loadLibrary } from './library.ts';
import { log } from './log.ts';

const NAME = 'streamer';
const VERSION = 1;

/** What a member had before, as it tells the leader. */
export interface Owned {
  readonly generation: number;
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

/** kafkajs's view of `assignPartitions`. Each member sends what it has had in its subscription's user data. */
export function createAssigner(cluster: Cluster, owned: () => Owned): Assigner {
  const { AssignerProtocol } = loadLibrary();
  return {
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(owned())) }),
    }),
    assign: async ({ members }) => {
      const group = members.map(readMember);
      const counts = await partitionCounts(cluster, [...new Set(group.flatMap(({ topics }) => topics))]);
      return [...assignPartitions(group, counts)].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) }),
      }));
    },
  };
}

function readMember({ memberId, memberMetadata }: ClientMember): GroupMember {
  const { AssignerProtocol } = loadLibrary();
  const metadata = AssignerProtocol.MemberMetadata.decode(memberMetadata);
  const { generation, partitions } = readOwned(metadata?.userData);
  return { id: memberId, topics: metadata?.topics ?? [], owned: partitions, generation };
}

/** Other versions of this package may say it differently: what cannot be read is nothing. */
function readOwned(userData: Buffer | undefined): Owned {
  try {
    const { generation, partitions } = JSON.parse(String(userData)) as Partial<Owned>;
    if (typeof generation === 'number' && typeof partitions === 'object' && partitions !== null) return { generation, partitions };
  } catch {
    log.debug('a member of the group does not say what it had');
  }
  return { generation: -1, partitions: {} };
}

/** During a rolling change members may read topics that this one, the leader, does not. */
async function partitionCounts(cluster: Cluster, topics: readonly string[]): Promise<Map<string, number>> {
  const count = (topic: string): number => cluster.findTopicPartitionMetadata(topic).length;
  const unknown = topics.filter((topic) => count(topic) === 0);
  for (const topic of unknown) await cluster.addMultipleTargetTopics([topic]).catch(() => {});
  return new Map(topics.map((topic) => [topic, count(topic)]));
}
