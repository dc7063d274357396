import type { Clock } from '../clock/clock.ts';
import type { Journal } from '../journal/entry.ts';
import { Refusal } from '../protocol/error-code.ts';
import { Group } from './group.ts';
import type { CommittedOffset } from './offset-store.ts';

export interface GroupLimits {
  readonly groups: number;
  readonly groupMembers: number;
}

export interface TopicOffset extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** All consumer groups of the broker. */
export class Groups {
  private readonly limits: GroupLimits;
  private readonly journal: Journal;
  private readonly clock: Clock;
  private readonly byId = new Map<string, Group>();

  constructor(limits: GroupLimits, journal: Journal, clock: Clock) {
    this.clock = clock;
    this.limits = limits;
    this.journal = journal;
  }

  get(id: string): Group | undefined {
    return this.byId.get(id);
  }

  all(): readonly Group[] {
    return [...this.byId.values()];
  }

  /** @throws Refusal POLICY_VIOLATION */
  getOrCreate(id: string): Group {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    if (this.byId.size >= this.limits.groups) this.dropUnused();
    if (this.byId.size >= this.limits.groups)
      throw new Refusal('POLICY_VIOLATION', `the broker holds ${this.limits.groups} groups (limits.groups)`);
    return this.add(id);
  }

  /** A group as it was kept: its offsets, and no members. */
  restore(id: string, offsets: readonly TopicOffset[]): void {
    const group = this.add(id);
    for (const { topic, partition, ...committed } of offsets) group.offsets.set(topic, partition, committed);
  }

  /** @throws Refusal KAFKA_STORAGE_ERROR, and then none is committed */
  commit(group: Group, offsets: readonly TopicOffset[]): void {
    if (offsets.length === 0) return;
    this.journal.append({
      type: 'offsets',
      group: group.id,
      offsets: offsets.map(({ topic, partition, offset, leaderEpoch, metadata }) => [topic, partition, offset, leaderEpoch, metadata]),
    });
    for (const { topic, partition, ...committed } of offsets) group.offsets.set(topic, partition, committed);
  }

  /** @throws Refusal GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, KAFKA_STORAGE_ERROR */
  delete(id: string): void {
    const group = this.byId.get(id);
    if (group === undefined) throw new Refusal('GROUP_ID_NOT_FOUND', `there is no group ${id}`);
    if (group.state !== 'Empty') throw new Refusal('NON_EMPTY_GROUP', `group ${id} has members`);
    this.journal.append({ type: 'group-deleted', group: id });
    this.byId.delete(id);
    group.close();
  }

  /** A topic made anew under the same name must not meet the offsets of the old one. */
  forgetTopic(topic: string): void {
    for (const group of this.byId.values()) group.offsets.deleteTopic(topic);
  }

  close(): void {
    for (const group of this.byId.values()) group.close();
    this.byId.clear();
  }

  private add(id: string): Group {
    const group = new Group(id, this.limits.groupMembers, this.clock);
    this.byId.set(id, group);
    return group;
  }

  private dropUnused(): void {
    for (const [id, group] of this.byId) {
      if (group.state === 'Empty' && group.offsets.isEmpty) this.byId.delete(id);
    }
  }
}
