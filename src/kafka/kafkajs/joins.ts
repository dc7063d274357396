import { within } from '../../timing/index.ts';
import { decodeAssignmentData } from './assignment-data.ts';
import type { Broker, Cluster, Member } from './cluster.ts';
import { codeOf } from './errors.ts';
import type { FindCoordinator } from './group.ts';
import { loadLibrary } from './library.ts';

const LEAVE_MS = 1_000;

export interface JoinsOwner {
  /** Before each join; the join waits for it, and fails if it rejects. */
  beforeJoin(): Promise<void>;
  /** A broker has answered. */
  answered(): void;
}

/**
 * Runs before every join of a consumer. A consumer has a cluster of its own, in which only a join looks for the coordinator (our
 * own requests use the look-up without this hook). So the look-up is the one place that kafkajs awaits before every join.
 */
export class Joins {
  readonly #groupId: string;
  readonly #owner: JoinsOwner;
  readonly #watched = new WeakSet<Broker>();
  #isUnderWay = false;
  #member: Member | undefined;
  #transactionalIds: readonly string[] = [];
  /** Member of the consumer before, which ended without leaving. */
  #staleMember: Member | undefined;

  /** @param staleMember leaves the group before this consumer joins */
  constructor(groupId: string, owner: JoinsOwner, staleMember: Member | undefined) {
    this.#groupId = groupId;
    this.#owner = owner;
    this.#staleMember = staleMember;
  }

  /** The group has been asked to join, and waits for its other members. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** The member that this consumer is in the group; undefined before its first join. */
  get member(): Member | undefined {
    return this.#member;
  }

  /** The member whose partitions nobody reads if this consumer ends: its own, or the one before if it has not joined. */
  get leftBehind(): Member | undefined {
    return this.#member ?? this.#staleMember;
  }

  hook(cluster: Cluster, find: FindCoordinator): void {
    cluster.findGroupCoordinator = async (group) => {
      await this.#owner.beforeJoin();
      const broker = await find(group);
      this.#owner.answered();
      this.#watch(broker);
      await this.#evictStaleMember(broker);
      return broker;
    };
  }

  /** The group would wait for it until its session ends, and nobody would read its partitions meanwhile. */
  async #evictStaleMember(broker: Broker): Promise<void> {
    if (this.#staleMember === undefined) return;
    const { memberId } = this.#staleMember;
    const answered = await within(
      broker.leaveGroup({ groupId: this.#groupId, memberId }).then(() => true),
      LEAVE_MS,
    ).catch((error: unknown) => codeOf(error) === 'UNKNOWN_MEMBER_ID');
    if (answered) this.#staleMember = undefined;
  }

  /** Transactional ids of the members of the last generation. */
  get transactionalIds(): readonly string[] {
    return this.#transactionalIds;
  }

  /** No event of kafkajs has the generation, or what the leader said beside the partitions. */
  #watch(broker: Broker): void {
    if (this.#watched.has(broker)) return;
    this.#watched.add(broker);
    const sync = broker.syncGroup.bind(broker);
    broker.syncGroup = async (request) => {
      const answer = await sync(request);
      const assignment = loadLibrary().AssignerProtocol.MemberAssignment.decode(answer.memberAssignment);
      this.#transactionalIds = decodeAssignmentData(assignment?.userData);
      return answer;
    };
    const join = broker.joinGroup.bind(broker);
    broker.joinGroup = async (request) => {
      this.#isUnderWay = true;
      const answer = await join(request).finally(() => {
        this.#isUnderWay = false;
      });
      this.#member = { memberId: answer.memberId, groupGenerationId: answer.generationId };
      this.#owner.answered();
      return answer;
    };
  }
}
