import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../clock/clock.ts';
import { ErrorCode, Refusal } from '../protocol/error-code.ts';
import { failedJoin, failedSync, type JoinAnswer, type SyncAnswer } from './answers.ts';
import { infoOf, type JoinRequest, Member } from './member.ts';
import { OffsetStore } from './offset-store.ts';
import { Roster, unknownMember } from './roster.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** Who asks, as the group's calls carry it. */
export interface MemberClaim {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

const EMPTY = Buffer.alloc(0);

/**
 * One consumer group: the classic protocol's state machine, as Apache Kafka runs it with no wait at the first
 * rebalance. Empty -> PreparingRebalance (members join) -> CompletingRebalance (the leader's assignment is awaited)
 * -> Stable; any change of members leads back to PreparingRebalance. What members say of themselves is opaque here.
 */
export class Group {
  readonly id: string;
  readonly offsets = new OffsetStore();
  protocolType = '';
  private current: GroupState = 'Empty';
  private generation = 0;
  private protocol = '';
  private leader = '';
  private readonly maxMembers: number;
  private readonly roster: Roster;
  private readonly clock: Clock;
  private deadline: Timer | undefined;

  constructor(id: string, maxMembers: number, clock: Clock) {
    this.id = id;
    this.clock = clock;
    this.roster = new Roster(clock);
    this.maxMembers = maxMembers;
  }

  get state(): GroupState {
    return this.current;
  }

  /** The protocol that the members follow; empty until all have their assignment. */
  get protocolName(): string {
    return this.current === 'Stable' ? this.protocol : '';
  }

  /** For a look inside. */
  standing() {
    const { current: state, generation, protocolType, protocol, leader } = this;
    return { state, generation, protocolType, protocol, leader };
  }

  describeMembers(): readonly Member[] {
    return this.roster.all();
  }

  /** @throws Refusal */
  async join(request: JoinRequest): Promise<JoinAnswer> {
    this.checkProtocols(request);
    if (request.memberId === '') return this.joinNew(request);
    if (this.roster.isExpected(request.memberId)) return this.joinExpected(request);
    const member = this.roster.require(request.memberId, request.instanceId);
    return this.joinAgain(member, request);
  }

  /** @throws Refusal */
  async sync(
    claim: MemberClaim,
    assignments: ReadonlyMap<string, Buffer>,
    protocol: { type: string | null; name: string | null },
  ): Promise<SyncAnswer> {
    const member = this.roster.require(claim.memberId, claim.groupInstanceId);
    this.checkGeneration(claim.generationId);
    if ((protocol.type !== null && protocol.type !== this.protocolType) || (protocol.name !== null && protocol.name !== this.protocol)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', `the group follows ${this.protocolType}/${this.protocol}`);
    }
    if (this.current === 'PreparingRebalance') throw rebalancing();
    if (this.current === 'Stable') {
      member.touch();
      return this.syncAnswer(member.assignment);
    }
    const answer = member.awaitSync();
    if (member.id === this.leader) this.distribute(assignments);
    return answer;
  }

  /** @throws Refusal */
  heartbeat(claim: MemberClaim): void {
    const member = this.roster.require(claim.memberId, claim.groupInstanceId);
    this.checkGeneration(claim.generationId);
    member.touch();
    if (this.current === 'PreparingRebalance') throw rebalancing();
  }

  /** @throws Refusal */
  leave(memberId: string, groupInstanceId: string | null): void {
    if (groupInstanceId === null && this.roster.isExpected(memberId)) return this.dropNewcomer(memberId);
    const id = memberId === '' ? (this.roster.holderOf(groupInstanceId)?.id ?? '') : memberId;
    this.remove(this.roster.require(id, groupInstanceId));
  }

  /** Decides who may commit offsets. @throws Refusal */
  checkCommit(claim: MemberClaim): void {
    if (claim.generationId < 0 && this.current === 'Empty') return;
    if (!claimsMembership(claim)) throw unknownMember(claim.memberId);
    this.checkMember(claim);
    if (this.current === 'CompletingRebalance') throw rebalancing();
  }

  /** Decides who may give offsets to a transaction: a producer that says nothing of members, as old ones, always may. @throws Refusal */
  checkTransactionalCommit(claim: MemberClaim): void {
    if ((claim.generationId < 0 && this.current === 'Empty') || !claimsMembership(claim)) return;
    this.checkMember(claim);
  }

  /** Ends every wait and timer. */
  close(): void {
    this.current = 'Dead';
    this.deadline?.cancel();
    for (const member of this.roster.all()) member.dismiss(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    this.roster.clear();
  }

  private checkMember(claim: MemberClaim): void {
    const member = this.roster.require(claim.memberId, claim.groupInstanceId);
    this.checkGeneration(claim.generationId);
    member.touch();
  }

  private checkProtocols({ protocolType, protocols, memberId }: JoinRequest): void {
    const isOther = this.roster.all().some((member) => member.id !== memberId) && protocolType !== this.protocolType;
    if (protocolType === '' || isOther || !this.roster.canShare(protocols, memberId)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', `no protocol of ${protocolType} is shared with the members of group ${this.id}`);
    }
  }

  private joinNew(request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const { instanceId } = request;
    const replaced = this.roster.holderOf(instanceId);
    if (replaced !== undefined) return this.replaceStatic(replaced, request);
    if (this.roster.size + this.roster.newcomerCount >= this.maxMembers) {
      throw new Refusal('GROUP_MAX_SIZE_REACHED', `group ${this.id} has ${this.maxMembers} members`);
    }
    const id = `${instanceId ?? request.clientId}-${randomUUID()}`;
    if (!request.requiresMemberId || instanceId !== null) return this.admit(id, request);
    this.roster.expect(id, request.sessionTimeoutMs, () => this.dropNewcomer(id));
    return failedJoin(id, ErrorCode.MEMBER_ID_REQUIRED);
  }

  private joinExpected(request: JoinRequest): Promise<JoinAnswer> {
    this.roster.stopExpecting(request.memberId);
    return this.admit(request.memberId, request);
  }

  private admit(id: string, request: JoinRequest): Promise<JoinAnswer> {
    const member = this.newMember(id, request);
    if (this.roster.size === 0) this.protocolType = request.protocolType;
    this.roster.add(member);
    return this.rejoin(member);
  }

  private newMember(id: string, request: JoinRequest): Member {
    return new Member(infoOf(id, request), this.clock, (member) => {
      if (this.roster.has(member)) this.remove(member);
    });
  }

  private joinAgain(member: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const isUnchanged = member.hasSameProtocols(request.protocols);
    // A repeated request of a member that has its answer already, but did not see it.
    const isRepeated = (this.current === 'CompletingRebalance' || (this.current === 'Stable' && member.id !== this.leader)) && isUnchanged;
    member.info = infoOf(member.id, request);
    if (!isRepeated) return this.rejoin(member);
    member.touch();
    return this.joinAnswer(member);
  }

  /** The join of one member makes all others join: they learn it from their next heartbeat. */
  private rejoin(member: Member): Promise<JoinAnswer> {
    member.answerJoin(failedJoin(member.id, ErrorCode.UNKNOWN_MEMBER_ID));
    const answer = member.awaitJoin();
    if (this.current !== 'PreparingRebalance') this.prepare();
    this.completeJoinIfAllAreHere();
    return answer;
  }

  /** A static member came back under its name: the old holder of the name is fenced; its place and share go on. */
  private replaceStatic(old: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const id = `${request.instanceId}-${randomUUID()}`;
    const member = this.newMember(id, request);
    const isUnchanged = old.hasSameProtocols(request.protocols);
    member.assignment = old.assignment;
    this.roster.remove(old);
    this.roster.add(member);
    old.dismiss(ErrorCode.FENCED_INSTANCE_ID);
    const wasLeader = this.leader === old.id;
    if (wasLeader) this.leader = id;
    if (this.current !== 'Stable' || !isUnchanged) return this.rejoin(member);
    member.touch();
    // Named after the old id, the leader does not assign again: the group is stable and would not hear of it.
    return { ...this.joinAnswer(member), leader: wasLeader ? old.id : this.leader, members: [] };
  }

  private prepare(): void {
    for (const member of this.roster.all()) {
      member.assignment = EMPTY;
      member.answerSync(failedSync(ErrorCode.REBALANCE_IN_PROGRESS));
    }
    this.current = 'PreparingRebalance';
    this.startDeadline(() => this.completeJoin());
  }

  private completeJoinIfAllAreHere(): void {
    if (this.current !== 'PreparingRebalance' || this.roster.newcomerCount > 0) return;
    if (this.roster.all().every((member) => member.isJoining)) this.completeJoin();
  }

  private completeJoin(): void {
    this.deadline?.cancel();
    const late = this.roster.all().filter((member) => !member.isJoining && member.info.instanceId === null);
    for (const member of late) this.forget(member);
    const [first, ...others] = this.roster.all().filter((member) => member.isJoining);
    // Static members that are away keep their place until their session ends.
    if (first === undefined && this.roster.size > 0) return this.startDeadline(() => this.completeJoin());
    this.generation += 1;
    if (first === undefined) return this.becomeEmpty();
    this.protocol = this.roster.electProtocol();
    if (!this.roster.get(this.leader)?.isJoining) this.leader = first.id;
    this.current = 'CompletingRebalance';
    for (const member of [first, ...others]) member.answerJoin(this.joinAnswer(member));
    this.startDeadline(() => this.expireUnsynced());
  }

  private becomeEmpty(): void {
    this.current = 'Empty';
    this.leader = '';
    this.protocol = '';
  }

  private distribute(assignments: ReadonlyMap<string, Buffer>): void {
    this.deadline?.cancel();
    this.current = 'Stable';
    for (const member of this.roster.all()) {
      member.assignment = assignments.get(member.id) ?? EMPTY;
      member.answerSync(this.syncAnswer(member.assignment));
    }
  }

  private expireUnsynced(): void {
    // Chosen first: the removal of one answers the others' requests.
    const absent = this.roster.all().filter((member) => !member.isSyncing);
    for (const member of absent) this.remove(member);
  }

  private remove(member: Member): void {
    this.forget(member);
    if (this.current === 'PreparingRebalance') return this.completeJoinIfAllAreHere();
    if (this.current !== 'Stable' && this.current !== 'CompletingRebalance') return;
    this.prepare();
    this.completeJoinIfAllAreHere();
  }

  private forget(member: Member): void {
    this.roster.remove(member);
    member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID);
  }

  private dropNewcomer(id: string): void {
    this.roster.stopExpecting(id);
    this.completeJoinIfAllAreHere();
  }

  private startDeadline(action: () => void): void {
    this.deadline?.cancel();
    this.deadline = this.clock.after(this.roster.longestRebalanceMs(), action);
  }

  private checkGeneration(generationId: number): void {
    if (generationId === this.generation) return;
    throw new Refusal('ILLEGAL_GENERATION', `generation ${generationId} is not the current ${this.generation}`);
  }

  private joinAnswer(member: Member): JoinAnswer {
    const everybody = member.id === this.leader ? this.roster.all() : [];
    const members = everybody.map((one) => ({
      memberId: one.id,
      groupInstanceId: one.info.instanceId,
      metadata: one.metadataFor(this.protocol),
    }));
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.generation,
      protocolName: this.protocol,
      leader: this.leader,
      memberId: member.id,
      members,
    };
  }

  private syncAnswer(assignment: Buffer): SyncAnswer {
    return { errorCode: ErrorCode.NONE, protocolType: this.protocolType, protocolName: this.protocol, assignment };
  }
}

function rebalancing(): Refusal {
  return new Refusal('REBALANCE_IN_PROGRESS', 'the group rebalances: join again');
}

function claimsMembership({ generationId, memberId, groupInstanceId }: MemberClaim): boolean {
  return generationId >= 0 || memberId !== '' || groupInstanceId !== null;
}
