import { Refusal } from '../../wire/error-code.ts';
import type { Clock } from '../clock/clock.ts';
import { type Journal, toJournal } from '../journal/entry.ts';
import { Group } from './group.ts';
import type { OffsetRun, TopicOffset } from './offset-store.ts';

export interface GroupLimits {
  readonly groups: number;
  readonly groupMembers: number;
}

/** All consumer groups of the broker. */
export class Groups {
  readonly #limits: GroupLimits;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #byId = new Map<string, Group>();

  constructor(limits: GroupLimits, journal: Journal, clock: Clock) {
    this.#clock = clock;
    this.#limits = limits;
    this.#journal = journal;
  }

  get(id: string): Group | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Group[] {
    return [...this.#byId.values()];
  }

  /** @throws Refusal POLICY_VIOLATION */
  getOrCreate(id: string): Group {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    if (this.#byId.size >= this.#limits.groups) this.#dropUnused();
    if (this.#byId.size >= this.#limits.groups)
      throw new Refusal('POLICY_VIOLATION', `the broker holds ${this.#limits.groups} groups (limits.groups)`);
    return this.#add(id);
  }

  /** A group as it was kept: its offsets, and no members. */
  restore(id: string, runs: readonly OffsetRun[]): void {
    const group = this.#add(id);
    for (const { offsets, producerId } of runs) group.offsets.add(offsets, producerId);
  }

  /** @throws Refusal KAFKA_STORAGE_ERROR, and then none is committed */
  commit(group: Group, offsets: readonly TopicOffset[]): void {
    if (offsets.length === 0) return;
    this.#journal.append({ type: 'offsets', group: group.id, offsets: offsets.map(toJournal) });
    group.offsets.add(offsets);
  }

  /** Holds offsets until the producer's transaction ends. @throws Refusal KAFKA_STORAGE_ERROR, and then none is held */
  hold(group: Group, offsets: readonly TopicOffset[], producerId: number): void {
    if (offsets.length === 0) return;
    this.#journal.append({ type: 'pending-offsets', group: group.id, producerId, offsets: offsets.map(toJournal) });
    group.offsets.add(offsets, producerId);
  }

  /** Commits or drops what the groups hold for the producer. @throws Refusal KAFKA_STORAGE_ERROR, and then it is still held */
  endTransaction(producerId: number, groups: readonly string[], isCommit: boolean): void {
    if (groups.length === 0) return;
    this.#journal.append({ type: 'pending-end', producerId, groups, isCommit });
    for (const id of groups) this.#byId.get(id)?.offsets.endTransaction(producerId, isCommit);
  }

  /** @throws Refusal GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, KAFKA_STORAGE_ERROR */
  delete(id: string): void {
    const group = this.#byId.get(id);
    if (group === undefined) throw new Refusal('GROUP_ID_NOT_FOUND', `there is no group ${id}`);
    if (group.state !== 'Empty') throw new Refusal('NON_EMPTY_GROUP', `group ${id} has members`);
    this.#journal.append({ type: 'group-deleted', group: id });
    this.#byId.delete(id);
    group.close();
  }

  /** A topic that is created again under the name must not meet the offsets of the old one. */
  forgetTopic(topic: string): void {
    for (const group of this.#byId.values()) group.offsets.deleteTopic(topic);
  }

  close(): void {
    for (const group of this.#byId.values()) group.close();
    this.#byId.clear();
  }

  #add(id: string): Group {
    const group = new Group(id, this.#limits.groupMembers, this.#clock);
    this.#byId.set(id, group);
    return group;
  }

  #dropUnused(): void {
    for (const [id, group] of this.#byId) {
      if (group.state === 'Empty' && group.offsets.isEmpty) this.#byId.delete(id);
    }
  }
}
