import type { KafkaAdmin, TopicPartition } from '../../client.ts';
import { wrapped } from '../errors.ts';
import { askLeaders } from '../leaders.ts';
import { deleteBelow, readRanges } from '../log-offsets.ts';
import type { AdminSession } from './session.ts';

type RecordAdmin = Pick<KafkaAdmin, 'watermarks' | 'offsetsAt' | 'deleteRecords'>;

const byPartition = (a: TopicPartition, b: TopicPartition): number => a.partition - b.partition;

/** The records of topics: where they begin and end, and their deletion. */
export function recordAdmin({ admin, cluster }: AdminSession): RecordAdmin {
  return {
    async watermarks(topic, { isolation = 'uncommitted' } = {}) {
      const ranges = await wrapped(
        `reading the watermarks of topic "${topic}"`,
        () => askLeaders(cluster, topic, (partitions, leaderOf) => readRanges(cluster, partitions, isolation, leaderOf)),
        { topic },
      );
      return [...ranges].sort(byPartition);
    },

    async offsetsAt(topic, timestampMs) {
      const doing = `looking for offsets by time in topic "${topic}"`;
      const offsets = await wrapped(doing, () => admin.fetchTopicOffsetsByTimestamp(topic, timestampMs), { topic });
      return offsets.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })).sort(byPartition);
    },

    async deleteRecords(offsets) {
      for (const topic of new Set(offsets.map((each) => each.topic))) {
        const own = offsets.filter((each) => each.topic === topic);
        const remove = () => askLeaders(cluster, topic, (_all, leaderOf) => deleteBelow(cluster, own, leaderOf));
        await wrapped(`deleting records of topic "${topic}"`, remove, { topic });
      }
    },
  };
}
