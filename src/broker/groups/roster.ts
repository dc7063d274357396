import { Refusal } from '../../wire/error-code.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Member, MemberProtocol } from './member.ts';

/** Who is in a group: its members, the names of static ones, and newcomers that have got their id and have not joined yet. */
export class Roster {
  readonly #members = new Map<string, Member>();
  /** Static members (KIP-345): instance id to member id. */
  readonly #instances = new Map<string, string>();
  readonly #newcomers = new Map<string, Timer>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#members.size;
  }

  get newcomerCount(): number {
    return this.#newcomers.size;
  }

  all(): Member[] {
    return [...this.#members.values()];
  }

  has(member: Member): boolean {
    return this.#members.get(member.id) === member;
  }

  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  /** The member that holds a static name. */
  holderOf(instanceId: string | null): Member | undefined {
    return instanceId === null ? undefined : this.#members.get(this.#instances.get(instanceId) ?? '');
  }

  /** @throws Refusal FENCED_INSTANCE_ID when another member holds the name, UNKNOWN_MEMBER_ID */
  require(id: string, instanceId: string | null): Member {
    const holder = this.holderOf(instanceId);
    if (holder !== undefined && holder.id !== id)
      throw new Refusal('FENCED_INSTANCE_ID', `instance ${instanceId} is now member ${holder.id}`);
    const member = this.#members.get(id);
    if (member === undefined || (instanceId !== null && holder === undefined)) throw unknownMember(id);
    return member;
  }

  add(member: Member): void {
    this.#members.set(member.id, member);
    if (member.info.instanceId !== null) this.#instances.set(member.info.instanceId, member.id);
  }

  remove(member: Member): void {
    this.#members.delete(member.id);
    const { instanceId } = member.info;
    if (instanceId !== null && this.#instances.get(instanceId) === member.id) this.#instances.delete(instanceId);
  }

  expect(id: string, withinMs: number, onExpired: () => void): void {
    this.#newcomers.set(id, this.#clock.after(withinMs, onExpired));
  }

  isExpected(id: string): boolean {
    return this.#newcomers.has(id);
  }

  stopExpecting(id: string): void {
    this.#newcomers.get(id)?.cancel();
    this.#newcomers.delete(id);
  }

  clear(): void {
    for (const id of [...this.#newcomers.keys()]) this.stopExpecting(id);
    this.#members.clear();
    this.#instances.clear();
  }

  /** Can all members but `exceptId` follow one of these protocols? */
  canShare(protocols: readonly MemberProtocol[], exceptId: string): boolean {
    const others = this.all().filter((member) => member.id !== exceptId);
    return protocols.some(({ name }) => others.every((member) => member.protocolNames().includes(name)));
  }

  /** The protocol that most members name first among those that all can follow. */
  electProtocol(): string {
    const all = this.all().map((member) => member.protocolNames());
    const shared = (all[0] ?? []).filter((name) => all.every((names) => names.includes(name)));
    const votes = all.map((names) => names.find((name) => shared.includes(name)));
    const count = (name: string) => votes.filter((vote) => vote === name).length;
    return shared.reduce((best, name) => (count(name) > count(best) ? name : best));
  }

  longestRebalanceMs(): number {
    return Math.max(0, ...this.all().map((member) => member.info.rebalanceTimeoutMs));
  }
}

export function unknownMember(id: string): Refusal {
  return new Refusal('UNKNOWN_MEMBER_ID', `there is no member ${id}`);
}
