import type { ErrorNumber } from '../../wire/error-code.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import { failedJoin, failedSync, type JoinAnswer, type SyncAnswer } from './answers.ts';

/** A protocol (assignor) that a member can follow, with what it says of itself; opaque to the broker. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface MemberInfo {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
}

export interface JoinRequest extends Omit<MemberInfo, 'id'> {
  /** Empty at the first call of a member. */
  readonly memberId: string;
  readonly protocolType: string;
  /** From JoinGroup version 4 on a new member first gets its id, and joins with it (KIP-394). */
  readonly requiresMemberId: boolean;
}

/** What is kept of a request; a copy of its bytes, which would keep the whole frame alive. */
export function infoOf(id: string, request: JoinRequest): MemberInfo {
  const { instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs } = request;
  const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
  return { id, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols };
}

const EMPTY = Buffer.alloc(0);

/** One member of a consumer group: what it said when it joined, and the request of its that waits for the others. */
export class Member {
  info: MemberInfo;
  assignment: Buffer = EMPTY;
  #pendingJoin: ((answer: JoinAnswer) => void) | undefined;
  #pendingSync: ((answer: SyncAnswer) => void) | undefined;
  #session: Timer | undefined;
  readonly #clock: Clock;
  readonly #onExpired: (member: Member) => void;

  /** @param onExpired called when the session time-out passes without a sign of life */
  constructor(info: MemberInfo, clock: Clock, onExpired: (member: Member) => void) {
    this.#clock = clock;
    this.info = info;
    this.#onExpired = onExpired;
  }

  get id(): string {
    return this.info.id;
  }

  get isJoining(): boolean {
    return this.#pendingJoin !== undefined;
  }

  get isSyncing(): boolean {
    return this.#pendingSync !== undefined;
  }

  /** While a request of the member waits in the broker, its session cannot expire. */
  awaitJoin(): Promise<JoinAnswer> {
    this.#stopSession();
    return new Promise((resolve) => {
      this.#pendingJoin = resolve;
    });
  }

  awaitSync(): Promise<SyncAnswer> {
    this.#stopSession();
    return new Promise((resolve) => {
      this.#pendingSync = resolve;
    });
  }

  answerJoin(answer: JoinAnswer): void {
    const answerer = this.#pendingJoin;
    this.#pendingJoin = undefined;
    if (answerer === undefined) return;
    this.touch();
    answerer(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const answerer = this.#pendingSync;
    this.#pendingSync = undefined;
    if (answerer === undefined) return;
    this.touch();
    answerer(answer);
  }

  /** Restarts the session's time. */
  touch(): void {
    this.#stopSession();
    if (this.isJoining || this.isSyncing) return;
    this.#session = this.#clock.after(this.info.sessionTimeoutMs, () => this.#onExpired(this));
  }

  /** Tells its waiting request, if there is one, that it failed, and ends its session. */
  dismiss(errorCode: ErrorNumber): void {
    this.answerJoin(failedJoin(this.id, errorCode));
    this.answerSync(failedSync(errorCode));
    this.#stopSession();
  }

  #stopSession(): void {
    this.#session?.cancel();
  }

  protocolNames(): string[] {
    return this.info.protocols.map(({ name }) => name);
  }

  metadataFor(protocol: string): Buffer {
    return this.info.protocols.find(({ name }) => name === protocol)?.metadata ?? EMPTY;
  }

  hasSameProtocols(protocols: readonly MemberProtocol[]): boolean {
    const own = this.info.protocols;
    return (
      own.length === protocols.length &&
      own.every(({ name, metadata }, i) => name === protocols[i]?.name && metadata.equals(protocols[i].metadata))
    );
  }
}
