import { Refusal } from '../protocol/error-code.ts';
import { Group } from './group.ts';

export interface GroupLimits {
  readonly groups: number;
  readonly groupMembers: number;
}

/** All consumer groups of the broker. */
export class Groups {
  private readonly limits: GroupLimits;
  private readonly byId = new Map<string, Group>();

  constructor(limits: GroupLimits) {
    this.limits = limits;
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
    const group = new Group(id, this.limits.groupMembers);
    this.byId.set(id, group);
    return group;
  }

  /** @throws Refusal GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP */
  delete(id: string): void {
    const group = this.byId.get(id);
    if (group === undefined) throw new Refusal('GROUP_ID_NOT_FOUND', `there is no group ${id}`);
    if (group.state !== 'Empty') throw new Refusal('NON_EMPTY_GROUP', `group ${id} has members`);
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

  private dropUnused(): void {
    for (const [id, group] of this.byId) {
      if (group.state === 'Empty' && group.offsets.isEmpty) this.byId.delete(id);
    }
  }
}
