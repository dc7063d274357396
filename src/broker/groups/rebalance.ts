import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import { failedJoin, failedSync, type JoinAnswer, type SyncAnswer } from './answers.ts';
import type { Member } from './member.ts';
import { Roster } from './roster.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const EMPTY = Buffer.alloc(0);

/**
 * How the members of one group come to a generation with shares for all: the classic protocol's state machine, as Apache
 * Kafka runs it with no wait at the first rebalance. Empty -> PreparingRebalance (members join) -> CompletingRebalance (the
 * leader's assignment is awaited) -> Stable; any change of members leads back to PreparingRebalance.
 */
export class Rebalance {
  readonly roster: Roster;
  protocolType = '';
  #current: GroupState = 'Empty';
  #generation = 0;
  #protocolName = '';
  #leaderId = '';
  readonly #clock: Clock;
  #deadline: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.roster = new Roster(clock);
  }

  get state(): GroupState {
    return this.#current;
  }

  /** Which the members follow since they joined. */
  get protocol(): string {
    return this.#protocolName;
  }

  /** Member id. */
  get leader(): string {
    return this.#leaderId;
  }

  standing() {
    const { protocolType } = this;
    const [state, generation, protocol, leader] = [this.#current, this.#generation, this.#protocolName, this.#leaderId];
    return { state, generation, protocolType, protocol, leader };
  }

  /** @throws Refusal ILLEGAL_GENERATION */
  checkGeneration(generationId: number): void {
    if (generationId === this.#generation) return;
    throw new Refusal('ILLEGAL_GENERATION', `generation ${generationId} is not the current ${this.#generation}`);
  }

  /** The join of one member makes all others join: they learn it from their next heartbeat. */
  rejoin(member: Member): Promise<JoinAnswer> {
    member.answerJoin(failedJoin(member.id, ErrorCode.UNKNOWN_MEMBER_ID));
    const answer = member.awaitJoin();
    if (this.#current !== 'PreparingRebalance') this.#prepare();
    this.#completeJoinIfAllAreHere();
    return answer;
  }

  /** The leader has decided. */
  distribute(assignments: ReadonlyMap<string, Buffer>): void {
    this.#deadline?.cancel();
    this.#current = 'Stable';
    for (const member of this.roster.all()) {
      member.assignment = assignments.get(member.id) ?? EMPTY;
      member.answerSync(this.syncAnswer(member.assignment));
    }
  }

  remove(member: Member): void {
    this.#forget(member);
    if (this.#current === 'PreparingRebalance') return this.#completeJoinIfAllAreHere();
    if (this.#current !== 'Stable' && this.#current !== 'CompletingRebalance') return;
    this.#prepare();
    this.#completeJoinIfAllAreHere();
  }

  /** Puts a static member in the place of the one that held its name, with its share. */
  replace(old: Member, member: Member): void {
    member.assignment = old.assignment;
    this.roster.remove(old);
    this.roster.add(member);
    old.dismiss(ErrorCode.FENCED_INSTANCE_ID);
    if (this.#leaderId === old.id) this.#leaderId = member.id;
  }

  /** Nobody waits for this one to join any more. */
  dropNewcomer(id: string): void {
    this.roster.stopExpecting(id);
    this.#completeJoinIfAllAreHere();
  }

  joinAnswer(member: Member): JoinAnswer {
    const everybody = member.id === this.#leaderId ? this.roster.all() : [];
    const members = everybody.map((one) => ({
      memberId: one.id,
      groupInstanceId: one.info.instanceId,
      metadata: one.metadataFor(this.#protocolName),
    }));
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.#generation,
      protocolName: this.#protocolName,
      leader: this.#leaderId,
      memberId: member.id,
      members,
    };
  }

  syncAnswer(assignment: Buffer): SyncAnswer {
    return { errorCode: ErrorCode.NONE, protocolType: this.protocolType, protocolName: this.#protocolName, assignment };
  }

  /** Ends every wait and timer. */
  close(): void {
    this.#current = 'Dead';
    this.#deadline?.cancel();
    for (const member of this.roster.all()) member.dismiss(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    this.roster.clear();
  }

  #prepare(): void {
    for (const member of this.roster.all()) {
      member.assignment = EMPTY;
      member.answerSync(failedSync(ErrorCode.REBALANCE_IN_PROGRESS));
    }
    this.#current = 'PreparingRebalance';
    this.#startDeadline(() => this.#completeJoin());
  }

  #completeJoinIfAllAreHere(): void {
    if (this.#current !== 'PreparingRebalance' || this.roster.newcomerCount > 0) return;
    if (this.roster.all().every((member) => member.isJoining)) this.#completeJoin();
  }

  #completeJoin(): void {
    this.#deadline?.cancel();
    const late = this.roster.all().filter((member) => !member.isJoining && member.info.instanceId === null);
    for (const member of late) this.#forget(member);
    const [first, ...others] = this.roster.all().filter((member) => member.isJoining);
    // Static members that are away keep their place until their session ends.
    if (first === undefined && this.roster.size > 0) return this.#startDeadline(() => this.#completeJoin());
    this.#generation += 1;
    if (first === undefined) return this.#becomeEmpty();
    this.#protocolName = this.roster.electProtocol();
    if (!this.roster.get(this.#leaderId)?.isJoining) this.#leaderId = first.id;
    this.#current = 'CompletingRebalance';
    for (const member of [first, ...others]) member.answerJoin(this.joinAnswer(member));
    this.#startDeadline(() => this.#expireUnsynced());
  }

  #becomeEmpty(): void {
    this.#current = 'Empty';
    this.#leaderId = '';
    this.#protocolName = '';
  }

  #expireUnsynced(): void {
    // Chosen first: the removal of one answers the others' requests.
    const absent = this.roster.all().filter((member) => !member.isSyncing);
    for (const member of absent) this.remove(member);
  }

  #forget(member: Member): void {
    this.roster.remove(member);
    member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID);
  }

  #startDeadline(action: () => void): void {
    this.#deadline?.cancel();
    this.#deadline = this.#clock.after(this.roster.longestRebalanceMs(), action);
  }
}
