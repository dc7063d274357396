/** A protocol (assignor) that a member can follow, with what it says of itself; opaque to the broker. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolName: string;
  readonly leader: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null; readonly metadata: Buffer }[];
}

export interface SyncAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
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

const EMPTY = Buffer.alloc(0);

/** One member of a consumer group: what it said when it joined, and the request of its that waits for the others. */
export class Member {
  info: MemberInfo;
  assignment: Buffer = EMPTY;
  private pendingJoin: ((answer: JoinAnswer) => void) | undefined;
  private pendingSync: ((answer: SyncAnswer) => void) | undefined;
  private session: NodeJS.Timeout | undefined;
  private readonly onExpired: (member: Member) => void;

  /** @param onExpired called when the session time-out passes without a sign of life */
  constructor(info: MemberInfo, onExpired: (member: Member) => void) {
    this.info = info;
    this.onExpired = onExpired;
  }

  get id(): string {
    return this.info.id;
  }

  get isJoining(): boolean {
    return this.pendingJoin !== undefined;
  }

  get isSyncing(): boolean {
    return this.pendingSync !== undefined;
  }

  /** While a request of the member waits in the broker, its session cannot expire. */
  awaitJoin(): Promise<JoinAnswer> {
    this.stopSession();
    return new Promise((resolve) => {
      this.pendingJoin = resolve;
    });
  }

  awaitSync(): Promise<SyncAnswer> {
    this.stopSession();
    return new Promise((resolve) => {
      this.pendingSync = resolve;
    });
  }

  answerJoin(answer: JoinAnswer): void {
    const answerer = this.pendingJoin;
    this.pendingJoin = undefined;
    if (answerer === undefined) return;
    this.touch();
    answerer(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const answerer = this.pendingSync;
    this.pendingSync = undefined;
    if (answerer === undefined) return;
    this.touch();
    answerer(answer);
  }

  /** Starts the session's time anew. */
  touch(): void {
    this.stopSession();
    if (this.isJoining || this.isSyncing) return;
    this.session = setTimeout(() => this.onExpired(this), this.info.sessionTimeoutMs);
    this.session.unref();
  }

  stopSession(): void {
    clearTimeout(this.session);
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
