import { randomUUID } from 'node:crypto';
import { ErrorCode, type ErrorNumber, Refusal } from '../protocol/error-code.ts';
import { type JoinAnswer, Member, type MemberInfo, type MemberProtocol, type SyncAnswer } from './member.ts';
import { OffsetStore } from './offset-store.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export interface JoinRequest extends Omit<MemberInfo, 'id'> {
  /** Empty at the first call of a member. */
  readonly memberId: string;
  readonly protocolType: string;
  /** From JoinGroup version 4 on a new member is first told its id, and joins with it (KIP-394). */
  readonly requiresMemberId: boolean;
}

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
  private readonly members = new Map<string, Member>();
  /** Members that were told their id and have not joined with it yet. */
  private readonly pending = new Map<string, NodeJS.Timeout>();
  /** Static members (KIP-345): instance id to member id. */
  private readonly instances = new Map<string, string>();
  private deadline: NodeJS.Timeout | undefined;

  constructor(id: string, maxMembers: number) {
    this.id = id;
    this.maxMembers = maxMembers;
  }

  get state(): GroupState {
    return this.current;
  }

  get protocolName(): string {
    return this.current === 'Stable' ? this.protocol : '';
  }

  describeMembers(): readonly Member[] {
    return [...this.members.values()];
  }

  get leaderProtocol(): string {
    return this.protocol;
  }

  /** @throws Refusal */
  async join(request: JoinRequest): Promise<JoinAnswer> {
    this.checkProtocols(request);
    if (request.memberId === '') return this.joinNew(request);
    if (this.pending.has(request.memberId)) return this.joinPending(request);
    const member = this.requireMember(request.memberId, request.instanceId);
    return this.joinAgain(member, request);
  }

  /** @throws Refusal */
  async sync(
    claim: MemberClaim,
    assignments: ReadonlyMap<string, Buffer>,
    protocol: { type: string | null; name: string | null },
  ): Promise<SyncAnswer> {
    const member = this.requireMember(claim.memberId, claim.groupInstanceId);
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
    const member = this.requireMember(claim.memberId, claim.groupInstanceId);
    this.checkGeneration(claim.generationId);
    member.touch();
    if (this.current === 'PreparingRebalance') throw rebalancing();
  }

  /** @throws Refusal */
  leave(memberId: string, groupInstanceId: string | null): void {
    if (groupInstanceId === null && this.pending.has(memberId)) return this.dropPending(memberId);
    const known = groupInstanceId === null ? undefined : this.instances.get(groupInstanceId);
    if (groupInstanceId !== null && known === undefined) throw unknownMember(memberId);
    const member = this.requireMember(memberId === '' && known !== undefined ? known : memberId, groupInstanceId);
    this.remove(member);
  }

  /** Decides who may commit offsets. @throws Refusal */
  checkCommit(claim: MemberClaim): void {
    if (claim.generationId < 0 && this.current === 'Empty') return;
    const isMember = claim.generationId >= 0 || claim.memberId !== '' || claim.groupInstanceId !== null;
    if (!isMember) throw unknownMember(claim.memberId);
    const member = this.requireMember(claim.memberId, claim.groupInstanceId);
    this.checkGeneration(claim.generationId);
    if (this.current === 'CompletingRebalance') throw rebalancing();
    member.touch();
  }

  /** Ends every wait and timer. */
  close(): void {
    this.current = 'Dead';
    clearTimeout(this.deadline);
    for (const timer of this.pending.values()) clearTimeout(timer);
    for (const member of this.members.values()) {
      member.answerJoin(this.failedJoin(member.id, ErrorCode.COORDINATOR_NOT_AVAILABLE));
      member.answerSync(failedSync(ErrorCode.COORDINATOR_NOT_AVAILABLE));
      member.stopSession();
    }
    this.members.clear();
  }

  private checkProtocols({ protocolType, protocols, memberId }: JoinRequest): void {
    const others = [...this.members.values()].filter((member) => member.id !== memberId);
    const isShared =
      others.length === 0 || protocols.some(({ name }) => others.every((member) => member.info.protocols.some((own) => own.name === name)));
    if (protocolType === '' || protocols.length === 0 || !isShared || (others.length > 0 && protocolType !== this.protocolType)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', `no protocol of ${protocolType} is shared with the members of group ${this.id}`);
    }
  }

  private joinNew(request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const { instanceId } = request;
    const replaced = instanceId === null ? undefined : this.instances.get(instanceId);
    if (replaced !== undefined) return this.replaceStatic(this.members.get(replaced) as Member, request);
    if (this.members.size + this.pending.size >= this.maxMembers)
      throw new Refusal('GROUP_MAX_SIZE_REACHED', `group ${this.id} has ${this.maxMembers} members`);
    const id = `${instanceId ?? request.clientId}-${randomUUID()}`;
    if (!request.requiresMemberId || instanceId !== null) return this.admit(id, request);
    const timer = setTimeout(() => this.dropPending(id), request.sessionTimeoutMs);
    this.pending.set(id, timer.unref());
    return this.failedJoin(id, ErrorCode.MEMBER_ID_REQUIRED);
  }

  private joinPending(request: JoinRequest): Promise<JoinAnswer> {
    clearTimeout(this.pending.get(request.memberId));
    this.pending.delete(request.memberId);
    return this.admit(request.memberId, request);
  }

  private admit(id: string, request: JoinRequest): Promise<JoinAnswer> {
    const member = new Member(infoOf(id, request), (expired) => this.expire(expired));
    if (this.members.size === 0) this.protocolType = request.protocolType;
    this.members.set(id, member);
    if (request.instanceId !== null) this.instances.set(request.instanceId, id);
    return this.rejoin(member);
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
    member.answerJoin(this.failedJoin(member.id, ErrorCode.UNKNOWN_MEMBER_ID));
    const answer = member.awaitJoin();
    if (this.current !== 'PreparingRebalance') this.prepare();
    this.completeJoinIfAllAreHere();
    return answer;
  }

  /** A static member came back under its name: the old holder of the name is fenced; its place and share go on. */
  private replaceStatic(old: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const id = `${request.instanceId}-${randomUUID()}`;
    const member = new Member(infoOf(id, request), (expired) => this.expire(expired));
    const isUnchanged = old.hasSameProtocols(request.protocols);
    member.assignment = old.assignment;
    old.stopSession();
    old.answerJoin(this.failedJoin(old.id, ErrorCode.FENCED_INSTANCE_ID));
    old.answerSync(failedSync(ErrorCode.FENCED_INSTANCE_ID));
    this.members.delete(old.id);
    this.members.set(id, member);
    this.instances.set(request.instanceId as string, id);
    const wasLeader = this.leader === old.id;
    if (wasLeader) this.leader = id;
    if (this.current !== 'Stable' || !isUnchanged) return this.rejoin(member);
    member.touch();
    // Named after the old id, the leader does not assign again: the group is stable and would not hear of it.
    return { ...this.joinAnswer(member), leader: wasLeader ? old.id : this.leader, members: [] };
  }

  private prepare(): void {
    for (const member of this.members.values()) {
      member.assignment = EMPTY;
      member.answerSync(failedSync(ErrorCode.REBALANCE_IN_PROGRESS));
    }
    this.current = 'PreparingRebalance';
    this.startDeadline(() => this.completeJoin());
  }

  private completeJoinIfAllAreHere(): void {
    if (this.current !== 'PreparingRebalance' || this.pending.size > 0) return;
    for (const member of this.members.values()) if (!member.isJoining) return;
    this.completeJoin();
  }

  private completeJoin(): void {
    clearTimeout(this.deadline);
    for (const member of [...this.members.values()]) {
      if (!member.isJoining && member.info.instanceId === null) this.forget(member);
    }
    const joined = [...this.members.values()].filter((member) => member.isJoining);
    // Static members that are away keep their place until their session ends.
    if (joined.length === 0 && this.members.size > 0) return this.startDeadline(() => this.completeJoin());
    this.generation += 1;
    if (joined.length === 0) return this.becomeEmpty();
    this.protocol = this.electProtocol();
    if (!this.members.get(this.leader)?.isJoining) this.leader = (joined[0] as Member).id;
    this.current = 'CompletingRebalance';
    for (const member of joined) member.answerJoin(this.joinAnswer(member));
    this.startDeadline(() => this.expireUnsynced());
  }

  private becomeEmpty(): void {
    this.current = 'Empty';
    this.leader = '';
    this.protocol = '';
  }

  /** The protocol that most members name first among those that all can follow. */
  private electProtocol(): string {
    const all = [...this.members.values()].map((member) => member.info.protocols.map(({ name }) => name));
    const shared = (all[0] as string[]).filter((name) => all.every((names) => names.includes(name)));
    const votes = all.map((names) => names.find((name) => shared.includes(name)));
    const count = (name: string) => votes.filter((vote) => vote === name).length;
    return shared.reduce((best, name) => (count(name) > count(best) ? name : best));
  }

  private distribute(assignments: ReadonlyMap<string, Buffer>): void {
    clearTimeout(this.deadline);
    this.current = 'Stable';
    for (const member of this.members.values()) {
      member.assignment = assignments.get(member.id) ?? EMPTY;
      member.answerSync(this.syncAnswer(member.assignment));
    }
    // Those that have not asked yet have until the rebalance time-out to do so, by their session.
  }

  private expireUnsynced(): void {
    // Chosen first: the removal of one answers the others' requests.
    const absent = [...this.members.values()].filter((member) => !member.isSyncing);
    for (const member of absent) this.remove(member);
  }

  private expire(member: Member): void {
    if (this.members.get(member.id) === member) this.remove(member);
  }

  private remove(member: Member): void {
    this.forget(member);
    if (this.current === 'PreparingRebalance') return this.completeJoinIfAllAreHere();
    if (this.current !== 'Stable' && this.current !== 'CompletingRebalance') return;
    this.prepare();
    this.completeJoinIfAllAreHere();
  }

  private forget(member: Member): void {
    member.stopSession();
    member.answerJoin(this.failedJoin(member.id, ErrorCode.UNKNOWN_MEMBER_ID));
    member.answerSync(failedSync(ErrorCode.UNKNOWN_MEMBER_ID));
    member.stopSession();
    this.members.delete(member.id);
    const { instanceId } = member.info;
    if (instanceId !== null && this.instances.get(instanceId) === member.id) this.instances.delete(instanceId);
  }

  private dropPending(id: string): void {
    clearTimeout(this.pending.get(id));
    this.pending.delete(id);
    this.completeJoinIfAllAreHere();
  }

  private startDeadline(action: () => void): void {
    clearTimeout(this.deadline);
    const longest = Math.max(0, ...[...this.members.values()].map((member) => member.info.rebalanceTimeoutMs));
    this.deadline = setTimeout(action, longest).unref();
  }

  private requireMember(memberId: string, instanceId: string | null): Member {
    const holder = instanceId === null ? undefined : this.instances.get(instanceId);
    if (holder !== undefined && holder !== memberId)
      throw new Refusal('FENCED_INSTANCE_ID', `instance ${instanceId} is now member ${holder}`);
    const member = this.members.get(memberId);
    if (member === undefined || (instanceId !== null && holder === undefined)) throw unknownMember(memberId);
    return member;
  }

  private checkGeneration(generationId: number): void {
    if (generationId !== this.generation)
      throw new Refusal('ILLEGAL_GENERATION', `generation ${generationId} is not the current ${this.generation}`);
  }

  private joinAnswer(member: Member): JoinAnswer {
    const everybody = member.id === this.leader ? [...this.members.values()] : [];
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

  private failedJoin(memberId: string, errorCode: ErrorNumber): JoinAnswer {
    return { errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] };
  }

  private syncAnswer(assignment: Buffer): SyncAnswer {
    return { errorCode: ErrorCode.NONE, protocolType: this.protocolType, protocolName: this.protocol, assignment };
  }
}

function infoOf(id: string, request: JoinRequest): MemberInfo {
  const { instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs } = request;
  const protocols: MemberProtocol[] = request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
  return { id, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols };
}

function failedSync(errorCode: ErrorNumber): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: EMPTY };
}

function rebalancing(): Refusal {
  return new Refusal('REBALANCE_IN_PROGRESS', 'the group rebalances: join again');
}

function unknownMember(memberId: string): Refusal {
  return new Refusal('UNKNOWN_MEMBER_ID', `there is no member ${memberId}`);
}
