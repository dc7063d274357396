import type { KafkaAdmin, ReadRange, TopicPartition, Watermarks } from '../../kafka/index.ts';
import { CommandError } from '../command-error.ts';
import { nameOf } from './partition-name.ts';
import type { Place } from './place.ts';

/** Which records of the topics are wanted. */
export interface RangeOptions {
  readonly from: Place;
  readonly until: Place | undefined;
  /** Read on at the end. */
  readonly follow: boolean;
  readonly partition: number | undefined;
}

/** What of each partition is to be read. */
export interface Range {
  /** Without `to`: without end. */
  readonly stretches: readonly ReadRange[];
  /** Time at which reading stops, when it lies ahead. */
  readonly stopAtMs: number | undefined;
}

/** Asks the broker where the stretch begins and ends. @throws CommandError (exit 2) for a partition that does not exist */
export async function rangeOf(admin: KafkaAdmin, topics: readonly string[], options: RangeOptions): Promise<Range> {
  const { from, until, follow, partition } = options;
  const all = (await Promise.all(topics.map((topic) => admin.watermarks(topic)))).flat();
  const wanted = partition === undefined ? all : all.filter((each) => each.partition === partition);
  if (partition !== undefined && wanted.length < topics.length) {
    throw new CommandError(
      2,
      `--partition ${partition}: ${topics.map((topic) => `${topic} has ${countOf(all, topic)} partitions`).join(', ')}`,
    );
  }
  const starts = await offsetsOf(admin, wanted, from);
  const isAhead = follow && until?.kind === 'time' && until.ms > Date.now();
  const ends = isAhead ? undefined : await endsOf(admin, wanted, options);
  const stretches = wanted.map(({ topic, partition }) => {
    const name = nameOf({ topic, partition });
    return { topic, partition, from: starts.get(name) ?? 0, to: ends?.get(name) };
  });
  return { stretches, stopAtMs: isAhead ? until.ms : undefined };
}

/** The offset behind the last record of each `topic[partition]`; undefined: without end. */
async function endsOf(
  admin: KafkaAdmin,
  wanted: readonly Watermarks[],
  { until, follow }: RangeOptions,
): Promise<Map<string, number> | undefined> {
  if (until === undefined) return follow ? undefined : mapOf(wanted, endOf);
  if (until.kind === 'offset' && follow) return mapOf(wanted, () => until.offset);
  return offsetsOf(admin, wanted, until);
}

/** The offset of a place in each partition, within its log, by `topic[partition]`. */
export async function offsetsOf(admin: KafkaAdmin, wanted: readonly Watermarks[], place: Place): Promise<Map<string, number>> {
  if (place.kind === 'earliest') return mapOf(wanted, ({ earliest }) => earliest);
  if (place.kind === 'latest') return mapOf(wanted, ({ latest }) => latest);
  if (place.kind === 'last') return mapOf(wanted, ({ earliest, latest }) => Math.max(earliest, latest - place.count));
  if (place.kind === 'offset') return mapOf(wanted, ({ earliest, latest }) => Math.min(Math.max(earliest, place.offset), latest));
  const topics = [...new Set(wanted.map(({ topic }) => topic))];
  const found = (await Promise.all(topics.map((topic) => admin.offsetsAt(topic, place.ms)))).flat();
  const offsets = new Map(found.map((each) => [nameOf(each), each.offset]));
  return mapOf(wanted, (each) => offsets.get(nameOf(each)) ?? each.latest);
}

/** A partition without records is at its end at once, also for a group that has no position there. */
function endOf({ earliest, latest }: Watermarks): number {
  return earliest >= latest ? 0 : latest;
}

function mapOf<T extends TopicPartition>(partitions: readonly T[], offsetOf: (partition: T) => number): Map<string, number> {
  return new Map(partitions.map((partition) => [nameOf(partition), offsetOf(partition)]));
}

function countOf(all: readonly Watermarks[], wanted: string): number {
  return all.filter(({ topic }) => topic === wanted).length;
}
