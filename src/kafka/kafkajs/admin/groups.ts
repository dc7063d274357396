import { KafkaError } from '../../../errors.ts';
import type { KafkaAdmin } from '../../client.ts';
import { byTopic } from '../../partitions.ts';
import { codeOf, wrapped } from '../errors.ts';
import type { AdminSession } from './session.ts';

type GroupAdmin = Pick<KafkaAdmin, 'groupOffsets' | 'setGroupOffsets' | 'deleteGroups'>;

/** Consumer groups from outside: what they committed. */
export function groupAdmin({ admin, cluster }: AdminSession): GroupAdmin {
  return {
    async groupOffsets(groupId, topics) {
      const offsets = await wrapped(`reading the offsets of group "${groupId}"`, () =>
        admin.fetchOffsets({ groupId, topics: [...topics] }),
      );
      return offsets.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset: Math.max(-1, Number(offset)),
          metadata: metadata ?? null,
        })),
      );
    },

    /** kafkajs's own `setOffsets` starts a consumer for it and changes one topic at a time; a commit without a member does the same. */
    async setGroupOffsets(groupId, offsets) {
      if (offsets.length === 0) return;
      const topics = byTopic(offsets, ({ partition, offset }) => ({ partition, offset: String(offset), metadata: null }));
      await wrapped(`setting the offsets of group "${groupId}"`, async () => {
        await cluster.addMultipleTargetTopics(topics.map(({ topic }) => topic));
        const coordinator = await cluster.findGroupCoordinator({ groupId });
        await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: '', topics }).catch((error: unknown) => {
          throw codeOf(error) === 'UNKNOWN_MEMBER_ID' ? hasMembers(groupId, error) : error;
        });
      });
    },

    async deleteGroups(groupIds) {
      await wrapped(`deleting groups ${groupIds.join(', ')}`, () => admin.deleteGroups([...groupIds]));
    },
  };
}

function hasMembers(groupId: string, cause: unknown): KafkaError {
  return new KafkaError('refused', `group "${groupId}" has running members`, {
    kafkaCode: 'NON_EMPTY_GROUP',
    next: 'Stop them first: their next commit would undo the change.',
    cause,
  });
}
