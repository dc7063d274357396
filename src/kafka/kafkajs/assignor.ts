import type { MemberTable } from '../client.ts';
import { joinGroups } from '../co-partitioned.ts';

/** A member of the group as the leader sees it. */
export interface GroupMember {
  readonly id: string;
  readonly topics: readonly string[];
  /** What it had before this rebalance, and of which generation that was. */
  readonly owned: Readonly<Record<string, readonly number[]>>;
  readonly generation: number;
  /** Groups of topics that it reads together. */
  readonly coPartitioned?: ReadonlyArray<readonly string[]> | undefined;
  readonly tables?: readonly MemberTable[] | undefined;
}

/** Partitions by topic, by member. */
export type GroupAssignment = Map<string, Record<string, number[]>>;

/** Topics that are laid out alike: same number of partitions, same members. */
interface Class {
  readonly topics: string[];
  readonly partitions: number;
  readonly members: readonly GroupMember[];
}

/**
 * Spreads partitions evenly over the members. Partition p of all topics with the same count goes to one member, so that they
 * can be joined; a member keeps what it had as far as that costs no balance. Topics that a member reads together go only to
 * members that read all of them, and a partition only to a member that has all tables of its owner. The same input gives the same
 * result on every leader.
 */
export function assignPartitions(members: readonly GroupMember[], counts: ReadonlyMap<string, number>): GroupAssignment {
  const sorted = [...members].sort((a, b) => compare(a.id, b.id));
  // They inherit nothing: a topic may be called `constructor`.
  const result: GroupAssignment = new Map(sorted.map(({ id }) => [id, Object.create(null)]));
  const load = new Map(sorted.map(({ id }) => [id, 0]));
  for (const each of classes(sorted, counts)) {
    spread(each, load).forEach((id, partition) => {
      for (const topic of each.topics) {
        const own = result.get(id);
        if (own !== undefined) (own[topic] ??= []).push(partition);
      }
    });
  }
  return result;
}

function classes(members: readonly GroupMember[], counts: ReadonlyMap<string, number>): Class[] {
  const byKey = new Map<string, Class>();
  const readers = readersOf(members);
  for (const topic of [...counts.keys()].sort(compare)) {
    const partitions = counts.get(topic) ?? 0;
    const subscribed = readers(topic);
    if (partitions === 0 || subscribed.length === 0) continue;
    const key = `${partitions} ${subscribed.map(({ id }) => id).join(' ')}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { topics: [topic], partitions, members: subscribed });
    else known.topics.push(topic);
  }
  return [...byKey.values()].sort((a, b) => b.partitions - a.partitions || compare(a.topics[0] ?? '', b.topics[0] ?? ''));
}

/** The members that can get a topic: those that read all topics of its group, or, where nobody does, those that read it. */
function readersOf(members: readonly GroupMember[]): (topic: string) => readonly GroupMember[] {
  const groupOf = new Map<string, readonly string[]>();
  for (const group of joinGroups(members.flatMap(({ coPartitioned }) => coPartitioned ?? [])))
    for (const topic of group) groupOf.set(topic, group);
  const reading = (all: readonly string[]) => members.filter(({ topics }) => all.every((topic) => topics.includes(topic)));
  return (topic) => {
    const whole = reading(groupOf.get(topic) ?? [topic]);
    return whole.length > 0 ? whole : reading([topic]);
  };
}

/** The member of each partition of a class. Adds to `load`. */
function spread({ topics, partitions, members }: Class, load: Map<string, number>): string[] {
  const fair = Math.floor(partitions / members.length);
  const owners = previousOwners(topics, partitions, members);
  const taken = new Map(members.map(({ id }) => [id, 0]));
  const layout = new Array<string | undefined>(partitions).fill(undefined);
  const give = (partition: number, id: string): void => {
    layout[partition] = id;
    taken.set(id, (taken.get(id) ?? 0) + 1);
    load.set(id, (load.get(id) ?? 0) + topics.length);
  };
  owners.forEach((id, partition) => {
    if (id !== undefined && (taken.get(id) ?? 0) < fair) give(partition, id);
  });
  for (const { partition, ids } of restricted(topics, owners, members)) {
    if (layout[partition] !== undefined) continue;
    const least = Math.min(...ids.map((id) => load.get(id) ?? 0));
    const owner = owners[partition];
    const [first = ''] = ids.filter((id) => (load.get(id) ?? 0) === least);
    give(partition, owner !== undefined && load.get(owner) === least ? owner : first);
  }
  while (layout.includes(undefined)) {
    const needy = members.filter(({ id }) => (taken.get(id) ?? 0) < fair);
    const open = needy.length > 0 ? needy : members.filter(({ id }) => (taken.get(id) ?? 0) === fair);
    const { id, partition } = choose(open, layout, owners, load);
    give(partition, id);
  }
  return layout.map((id) => id ?? '');
}

/** Partitions that not every member may have, since it lacks a table of the owner: while workers are replaced one by one. */
function restricted(
  topics: readonly string[],
  owners: ReadonlyArray<string | undefined>,
  members: readonly GroupMember[],
): Array<{ readonly partition: number; readonly ids: readonly string[] }> {
  const tablesOf = ({ tables = [] }: GroupMember) =>
    tables.filter((table) => table.topics.some((topic) => topics.includes(topic))).map(({ name }) => name);
  const tables = new Map(members.map((member) => [member.id, tablesOf(member)]));
  return owners.flatMap((owner, partition) => {
    const wanted = owner === undefined ? [] : (tables.get(owner) ?? []);
    const ids = members.filter(({ id }) => wanted.every((table) => tables.get(id)?.includes(table))).map(({ id }) => id);
    return ids.length === members.length ? [] : [{ partition, ids }];
  });
}

/** The least loaded member, and of those one that had an open partition; it gets that one, else the first open. */
function choose(
  open: readonly GroupMember[],
  layout: ReadonlyArray<string | undefined>,
  owners: ReadonlyArray<string | undefined>,
  load: ReadonlyMap<string, number>,
): { id: string; partition: number } {
  const own = (id: string): number => layout.findIndex((taken, partition) => taken === undefined && owners[partition] === id);
  const least = Math.min(...open.map(({ id }) => load.get(id) ?? 0));
  const candidates = open.filter(({ id }) => (load.get(id) ?? 0) === least);
  const keeper = candidates.find(({ id }) => own(id) >= 0);
  if (keeper !== undefined) return { id: keeper.id, partition: own(keeper.id) };
  const orphan = layout.findIndex((taken, partition) => taken === undefined && owners[partition] === undefined);
  return { id: candidates[0]?.id ?? '', partition: orphan >= 0 ? orphan : layout.indexOf(undefined) };
}

/** Who had the partition last. Of two that claim it, the one of the later generation is right. */
function previousOwners(topics: readonly string[], partitions: number, members: readonly GroupMember[]): Array<string | undefined> {
  return Array.from({ length: partitions }, (_, partition) => {
    const claims = members.filter(({ owned }) => topics.some((topic) => Object.hasOwn(owned, topic) && owned[topic]?.includes(partition)));
    return claims.reduce<GroupMember | undefined>(
      (best, each) => (best === undefined || each.generation > best.generation ? each : best),
      undefined,
    )?.id;
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
