import { KafkaError } from '../../errors.ts';
import { backoff, sleep } from '../../timing/index.ts';
import type { CommittedOffset, TopicPartition } from '../client.ts';
import { byTopic } from '../partitions.ts';
import type { Broker, Cluster, Member } from './cluster.ts';
import { codeOf, toKafkaError } from './errors.ts';
import { stableOffsets } from './transaction-calls.ts';

const ATTEMPTS = 4;
/** Of the two kinds of coordinators, the one for groups. */
const GROUP = 0;
/** The coordinator has moved, is loading, or its connection broke: look it up again. */
const ELSEWHERE = new Set([
  ...['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS'],
  // The names of our own requests.
  ...['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'],
]);
const MEMBERSHIP_OVER = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

export type FindCoordinator = (group: { groupId: string }) => Promise<Broker>;

/**
 * Requests to the group's coordinator, beside kafkajs's own: its commit does nothing, silently, once stopping has begun;
 * it repeats requests that will never succeed, and loses the error code.
 */
export class GroupCoordinator {
  readonly #cluster: Cluster;
  readonly #find: FindCoordinator;
  readonly #groupId: string;
  #broker: Broker | undefined;

  /** @param find the look-up without the consumer's hook */
  constructor(cluster: Cluster, find: FindCoordinator, groupId: string) {
    this.#cluster = cluster;
    this.#find = find;
    this.#groupId = groupId;
  }

  async commit(member: Member, offsets: readonly CommittedOffset[]): Promise<void> {
    const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata }));
    await this.#ask((broker) => broker.offsetCommit({ groupId: this.#groupId, ...member, topics }));
  }

  async committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    const topics = byTopic(partitions, ({ partition }) => ({ partition, offset: '' }));
    const { responses } = await this.#ask((broker) => broker.offsetFetch({ groupId: this.#groupId, topics }));
    return partitions.map(({ topic, partition }) => {
      const found = responses.find((each) => each.topic === topic)?.partitions.find((each) => each.partition === partition);
      const { offset = '-1', metadata } = (found ?? {}) as { offset?: string; metadata?: string | null };
      return { topic, partition, offset: Math.max(-1, Number(offset)), metadata: metadata || null };
    });
  }

  /** @throws KafkaError (rejects) `UNSTABLE_OFFSET_COMMIT` while a transaction holds an offset of the partitions */
  async stable(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    return this.#ask((broker) => stableOffsets(broker, this.#groupId, partitions));
  }

  /** False once the group does not know the member any more, or not in this generation. */
  async isAlive(member: Member): Promise<boolean> {
    try {
      const broker = await this.#connected();
      await broker.heartbeat({ groupId: this.#groupId, ...member });
    } catch (error) {
      const code = codeOf(error);
      if (code !== undefined && MEMBERSHIP_OVER.has(code)) return false;
      // A rebalance under way answers REBALANCE_IN_PROGRESS, which keeps the session as well as a success does.
      if (code !== 'REBALANCE_IN_PROGRESS') this.#broker = undefined;
    }
    return true;
  }

  async leave(member: Member): Promise<void> {
    const broker = await this.#connected();
    await broker.leaveGroup({ groupId: this.#groupId, memberId: member.memberId });
  }

  async #ask<T>(request: (broker: Broker) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request(await this.#connected());
      } catch (error) {
        const code = codeOf(error);
        const isElsewhere = code === undefined || ELSEWHERE.has(code);
        if (isElsewhere) this.#broker = undefined;
        if (!isElsewhere || attempt >= ATTEMPTS) throw error;
      }
      await sleep(backoff(attempt, 50, 500));
    }
  }

  async #connected(): Promise<Broker> {
    if (this.#broker !== undefined && !this.#broker.isConnected()) this.#broker = undefined;
    this.#broker ??= await this.#find({ groupId: this.#groupId });
    return this.#cluster.findBroker({ nodeId: this.#broker.nodeId });
  }
}

/** kafkajs drops the reason why no broker names a group's coordinator, and looks again without end: this rejects with the refusal. */
export function coordinatorFinder(cluster: Cluster): FindCoordinator {
  const find = cluster.findGroupCoordinator.bind(cluster);
  return async (group) => {
    try {
      return await find(group);
    } catch (error) {
      const refusal = codeOf(error) === undefined ? await refusalOf(cluster, group.groupId) : undefined;
      throw refusal ?? error;
    }
  };
}

async function refusalOf(cluster: Cluster, groupId: string): Promise<unknown> {
  try {
    const broker = await cluster.brokerPool.findConnectedBroker();
    await broker.findGroupCoordinator({ groupId, coordinatorType: GROUP });
  } catch (error) {
    return codeOf(error) === 'GROUP_AUTHORIZATION_FAILED' ? error : undefined;
  }
  return undefined;
}

/** `stale`, `retry` or `fatal`, as a commit may fail. */
export function commitError(cause: unknown, groupId: string, explain = (error: KafkaError): KafkaError => error): KafkaError {
  const failure = explain(toKafkaError(cause, `committing offsets of group "${groupId}"`));
  if (failure.reason !== 'refused') return failure;
  // A broker that has just started does not know all topics yet; any other refusal stays one.
  const reason = failure.kafkaCode === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'retry' : 'fatal';
  return new KafkaError(reason, failure.message, { kafkaCode: failure.kafkaCode, next: failure.next, cause });
}
