import { randomUUID } from 'node:crypto';
import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import type { Clock } from '../clock/clock.ts';
import { failedJoin, type JoinAnswer, type SyncAnswer } from './answers.ts';
import { infoOf, type JoinRequest, Member } from './member.ts';
import { OffsetStore } from './offset-store.ts';
import { type GroupState, Rebalance } from './rebalance.ts';
import { type Roster, unknownMember } from './roster.ts';

/** Who asks, as the group's calls carry it. */
export interface MemberClaim {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

/** One consumer group: what its members ask, and the offsets they commit. What they say of themselves is opaque here. */
export class Group {
  readonly id: string;
  readonly offsets = new OffsetStore();
  readonly #maxMembers: number;
  readonly #rebalance: Rebalance;
  readonly #roster: Roster;
  readonly #clock: Clock;

  constructor(id: string, maxMembers: number, clock: Clock) {
    this.id = id;
    this.#clock = clock;
    this.#rebalance = new Rebalance(clock);
    this.#roster = this.#rebalance.roster;
    this.#maxMembers = maxMembers;
  }

  get state(): GroupState {
    return this.#rebalance.state;
  }

  get protocolType(): string {
    return this.#rebalance.protocolType;
  }

  /** The protocol that the members follow; empty until all have their assignment. */
  get protocolName(): string {
    return this.state === 'Stable' ? this.#rebalance.protocol : '';
  }

  /** For a look inside. */
  standing() {
    return this.#rebalance.standing();
  }

  describeMembers(): readonly Member[] {
    return this.#roster.all();
  }

  /** @throws Refusal */
  async join(request: JoinRequest): Promise<JoinAnswer> {
    this.#checkProtocols(request);
    if (request.memberId === '') return this.#joinNew(request);
    if (this.#roster.isExpected(request.memberId)) return this.#joinExpected(request);
    const member = this.#roster.require(request.memberId, request.instanceId);
    return this.#joinAgain(member, request);
  }

  /** @throws Refusal */
  async sync(
    claim: MemberClaim,
    assignments: ReadonlyMap<string, Buffer>,
    asked: { type: string | null; name: string | null },
  ): Promise<SyncAnswer> {
    const { protocolType, protocol, leader } = this.#rebalance;
    const member = this.#roster.require(claim.memberId, claim.groupInstanceId);
    this.#rebalance.checkGeneration(claim.generationId);
    if ((asked.type !== null && asked.type !== protocolType) || (asked.name !== null && asked.name !== protocol)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', `the group follows ${protocolType}/${protocol}`);
    }
    if (this.state === 'PreparingRebalance') throw rebalancing();
    if (this.state === 'Stable') {
      member.touch();
      return this.#rebalance.syncAnswer(member.assignment);
    }
    const answer = member.awaitSync();
    if (member.id === leader) this.#rebalance.distribute(assignments);
    return answer;
  }

  /** @throws Refusal */
  heartbeat(claim: MemberClaim): void {
    this.#checkMember(claim);
    if (this.state === 'PreparingRebalance') throw rebalancing();
  }

  /** @throws Refusal */
  leave(memberId: string, groupInstanceId: string | null): void {
    if (groupInstanceId === null && this.#roster.isExpected(memberId)) return this.#rebalance.dropNewcomer(memberId);
    const id = memberId === '' ? (this.#roster.holderOf(groupInstanceId)?.id ?? '') : memberId;
    this.#rebalance.remove(this.#roster.require(id, groupInstanceId));
  }

  /** Decides who may commit offsets. @throws Refusal */
  checkCommit(claim: MemberClaim): void {
    if (claim.generationId < 0 && this.state === 'Empty') return;
    if (!claimsMembership(claim)) throw unknownMember(claim.memberId);
    this.#checkMember(claim);
    if (this.state === 'CompletingRebalance') throw rebalancing();
  }

  /** Decides who may give offsets to a transaction: a producer that says nothing of members, as old ones, always may. @throws Refusal */
  checkTransactionalCommit(claim: MemberClaim): void {
    if ((claim.generationId < 0 && this.state === 'Empty') || !claimsMembership(claim)) return;
    this.#checkMember(claim);
  }

  /** Ends every wait and timer. */
  close(): void {
    this.#rebalance.close();
  }

  #checkMember(claim: MemberClaim): void {
    const member = this.#roster.require(claim.memberId, claim.groupInstanceId);
    this.#rebalance.checkGeneration(claim.generationId);
    member.touch();
  }

  #checkProtocols({ protocolType, protocols, memberId }: JoinRequest): void {
    const isOther = this.#roster.all().some((member) => member.id !== memberId) && protocolType !== this.protocolType;
    if (protocolType === '' || isOther || !this.#roster.canShare(protocols, memberId)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', `no protocol of ${protocolType} is shared with the members of group ${this.id}`);
    }
  }

  #joinNew(request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const { instanceId } = request;
    const replaced = this.#roster.holderOf(instanceId);
    if (replaced !== undefined) return this.#replaceStatic(replaced, request);
    if (this.#roster.size + this.#roster.newcomerCount >= this.#maxMembers) {
      throw new Refusal('GROUP_MAX_SIZE_REACHED', `group ${this.id} has ${this.#maxMembers} members`);
    }
    const id = `${instanceId ?? request.clientId}-${randomUUID()}`;
    if (!request.requiresMemberId || instanceId !== null) return this.#admit(id, request);
    this.#roster.expect(id, request.sessionTimeoutMs, () => this.#rebalance.dropNewcomer(id));
    return failedJoin(id, ErrorCode.MEMBER_ID_REQUIRED);
  }

  #joinExpected(request: JoinRequest): Promise<JoinAnswer> {
    this.#roster.stopExpecting(request.memberId);
    return this.#admit(request.memberId, request);
  }

  #admit(id: string, request: JoinRequest): Promise<JoinAnswer> {
    const member = this.#newMember(id, request);
    if (this.#roster.size === 0) this.#rebalance.protocolType = request.protocolType;
    this.#roster.add(member);
    return this.#rebalance.rejoin(member);
  }

  #newMember(id: string, request: JoinRequest): Member {
    return new Member(infoOf(id, request), this.#clock, (member) => {
      if (this.#roster.has(member)) this.#rebalance.remove(member);
    });
  }

  #joinAgain(member: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const isUnchanged = member.hasSameProtocols(request.protocols);
    const isFollower = member.id !== this.#rebalance.leader;
    // A repeated request of a member that has its answer already, but did not see it.
    const isRepeated = (this.state === 'CompletingRebalance' || (this.state === 'Stable' && isFollower)) && isUnchanged;
    member.info = infoOf(member.id, request);
    if (!isRepeated) return this.#rebalance.rejoin(member);
    member.touch();
    return this.#rebalance.joinAnswer(member);
  }

  /** A static member came back under its name: the old holder of the name is fenced; its place and share go on. */
  #replaceStatic(old: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const member = this.#newMember(`${request.instanceId}-${randomUUID()}`, request);
    const wasLeader = this.#rebalance.leader === old.id;
    this.#rebalance.replace(old, member);
    if (this.state !== 'Stable' || !old.hasSameProtocols(request.protocols)) return this.#rebalance.rejoin(member);
    member.touch();
    // Named after the old id, the leader does not assign again: the group is stable and would not hear of it.
    return { ...this.#rebalance.joinAnswer(member), leader: wasLeader ? old.id : this.#rebalance.leader, members: [] };
  }
}

function rebalancing(): Refusal {
  return new Refusal('REBALANCE_IN_PROGRESS', 'the group rebalances: join again');
}

function claimsMembership({ generationId, memberId, groupInstanceId }: MemberClaim): boolean {
  return generationId >= 0 || memberId !== '' || groupInstanceId !== null;
}
