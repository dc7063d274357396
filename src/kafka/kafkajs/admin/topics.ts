import { KafkaError } from '../../../errors.ts';
import { backoff, sleep } from '../../../timing/index.ts';
import { ErrorCode } from '../../../wire/error-code.ts';
import type { KafkaAdmin, TopicSpec } from '../../client.ts';
import { isReserved } from '../../internal-topics.ts';
import { explainRefusal } from '../authorization.ts';
import { codeError, wrapped } from '../errors.ts';
import { readMetadata, type TopicMetadata } from '../metadata.ts';
import type { AdminSession } from './session.ts';
import { checkSpecs } from './topic-check.ts';
import { readConfigs } from './topic-configs.ts';

const REQUEST_MS = 15_000;
/** How long a new topic may take until each of its partitions has a leader. */
const LEADERS_MS = 15_000;
const MOST_REPLICAS = 3;

type TopicAdmin = Pick<
  KafkaAdmin,
  'listTopics' | 'partitionCounts' | 'topicIds' | 'describeTopics' | 'checkTopics' | 'createTopics' | 'addPartitions' | 'deleteTopics'
>;

/** Topics: which there are, and what they are made of. */
export function topicAdmin(session: AdminSession): TopicAdmin {
  const { admin } = session;

  async function partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    if (topics.length === 0) return new Map();
    const found = await existing(session, topics, 'reading the metadata of topics');
    return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  }

  return {
    partitionCounts,

    async listTopics() {
      const topics = await existing(session, [], 'listing topics');
      return topics.filter(({ name, isInternal }) => !isInternal && !isReserved(name)).map(({ name }) => name);
    },

    async topicIds(topics) {
      if (topics.length === 0) return new Map();
      const found = await existing(session, topics, 'reading the ids of topics');
      return new Map(found.map(({ name, topicId }) => [name, topicId]));
    },

    async describeTopics(topics) {
      if (topics.length === 0) return [];
      const all = await existing(session, topics, 'describing topics');
      const found = topics.flatMap((topic) => all.find(({ name }) => name === topic) ?? []);
      const configs = await readConfigs(
        session,
        found.map(({ name }) => name),
      );
      return found.map(({ name, partitions }) => ({
        name,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas.length ?? 0,
        configs: configs.get(name) ?? {},
      }));
    },

    async checkTopics(specs) {
      if (specs.length === 0) return new Map();
      const there = await partitionCounts(specs.map(({ name }) => name));
      return checkSpecs(session, specs, there, await defaultReplicas(session));
    },

    async createTopics(specs) {
      const made = new Map<string, boolean>();
      if (specs.length === 0) return made;
      const replicas = await defaultReplicas(session);
      for (const spec of specs) {
        made.set(spec.name, await wrapped(`creating topic "${spec.name}"`, () => create(session, spec, replicas), { topic: spec.name }));
      }
      await awaitLeaders(session, new Map(specs.map(({ name, partitions }) => [name, made.get(name) ? partitions : 1])));
      return made;
    },

    async addPartitions(topic, total) {
      const request = { topicPartitions: [{ topic, count: total }], timeout: REQUEST_MS };
      await wrapped(`adding partitions to topic "${topic}"`, () => admin.createPartitions(request), { topic });
      await awaitLeaders(session, new Map([[topic, total]]));
    },

    async deleteTopics(topics) {
      await wrapped(`deleting topics ${topics.join(', ')}`, () => admin.deleteTopics({ topics: [...topics], timeout: REQUEST_MS }));
    },
  };
}

/** Those of the topics that exist; all topics of the cluster for an empty list. */
async function existing({ cluster, options }: AdminSession, topics: readonly string[], doing: string): Promise<TopicMetadata[]> {
  const found = await wrapped(doing, () => readMetadata(cluster, topics));
  const hidden = found.filter(({ errorCode }) => errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED).map(({ name }) => name);
  if (hidden.length > 0 && topics.length > 0) {
    const refusal = codeError('TOPIC_AUTHORIZATION_FAILED', doing, hidden.length === 1 ? { topic: hidden[0] } : {});
    throw explainRefusal(refusal, options, { operation: 'Describe', topics: hidden });
  }
  return found.filter(({ errorCode, partitions }) => errorCode === ErrorCode.NONE || partitions.length > 0);
}

async function create({ admin }: AdminSession, spec: TopicSpec, replicas: number): Promise<boolean> {
  const { name, partitions, replicationFactor = replicas, configs = {} } = spec;
  const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
  return admin.createTopics({ topics: [topic], waitForLeaders: false, timeout: REQUEST_MS });
}

async function defaultReplicas({ admin }: AdminSession): Promise<number> {
  const { brokers } = await wrapped('asking for the brokers', () => admin.describeCluster());
  return Math.min(MOST_REPLICAS, brokers.length);
}

/** @param expected partitions that have to have a leader, by topic */
async function awaitLeaders(session: AdminSession, expected: ReadonlyMap<string, number>): Promise<void> {
  const deadline = Date.now() + LEADERS_MS;
  for (let round = 0; ; round++) {
    const all = await existing(session, [...expected.keys()], 'waiting for the leaders of partitions');
    const missing = [...expected].filter(([name, partitions]) => !hasLeaders(all, name, partitions)).map(([name]) => name);
    if (missing.length === 0) return;
    if (Date.now() > deadline) throw new KafkaError('retry', `no leader after ${LEADERS_MS} ms for topics ${missing.join(', ')}`);
    await sleep(backoff(round, 20, 500));
  }
}

function hasLeaders(all: readonly TopicMetadata[], name: string, partitions: number): boolean {
  const found = all.find((topic) => topic.name === name)?.partitions ?? [];
  return found.length >= partitions && found.every(({ leaderId }) => leaderId >= 0);
}
