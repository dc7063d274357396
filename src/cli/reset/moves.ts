import type { KafkaAdmin, TopicPartition } from '../../kafka/index.ts';
import { decodeCommit } from '../../runtime/index.ts';
import { nameOf } from '../records/partition-name.ts';
import type { Place } from '../records/place.ts';
import { offsetsOf } from '../records/range.ts';

/** What a reset does to a partition. */
export interface Move extends TopicPartition {
  /** The committed offset; null without one. */
  readonly from: number | null;
  readonly to: number;
  /** Records beyond `from` that an agent had finished already: they are worked on again. */
  readonly finishedAhead: number;
}

/** By topic and partition. @param places where each topic goes */
export async function movesTo(admin: KafkaAdmin, groupId: string, places: ReadonlyMap<string, Place>): Promise<Move[]> {
  const topics = [...places.keys()];
  const marks = (await Promise.all(topics.map((topic) => admin.watermarks(topic)))).flat();
  const targets = new Map<string, number>();
  for (const [topic, place] of places) {
    const own = marks.filter((mark) => mark.topic === topic);
    for (const [name, offset] of await offsetsOf(admin, own, place)) targets.set(name, offset);
  }
  const commits = new Map((await admin.groupOffsets(groupId, topics)).map((commit) => [nameOf(commit), commit]));
  return marks.map(({ topic, partition, earliest }) => {
    const name = nameOf({ topic, partition });
    const { offset = -1, metadata = null } = commits.get(name) ?? {};
    return {
      topic,
      partition,
      from: offset < 0 ? null : offset,
      to: targets.get(name) ?? earliest,
      finishedAhead: finishedBeyond(offset, metadata),
    };
  });
}

/** The most that an agent has finished. */
function finishedBeyond(offset: number, metadata: string | null): number {
  const counts = [...decodeCommit(offset, metadata).finished.values()].map((ranges) =>
    ranges.reduce((sum, [start, end]) => sum + end - start, 0),
  );
  return Math.max(0, ...counts);
}
