import type { Request } from '../../wire/api.ts';
import { createPartitions, createTopics, deleteTopics } from '../../wire/apis/admin.ts';
import { Refusal } from '../../wire/error-code.ts';
import type { Topic } from '../catalog/topic.ts';
import type { Cluster } from '../cluster.ts';
import { topicSettings } from './described-settings.ts';
import { durableOutcome, type Failure, failureOf, handler, SUCCESS, serve } from './handler.ts';

const CREATE_TOPICS = serve(
  createTopics,
  [2, 5],
  ['one replica of each partition; the number asked for is ignored', '`limits.partitions` partitions in all'],
);
const DELETE_TOPICS = serve(deleteTopics, [1, 5], ['topics by name alone']);
const CREATE_PARTITIONS = serve(createPartitions, [0, 3]);

type Creation = Request<typeof createTopics>['topics'][number];

export const handleCreateTopics = handler(CREATE_TOPICS, async (request, { cluster }) => ({
  topics: await Promise.all(
    firstOfEachName(request.topics).map((creation) => create(cluster, creation, request.topics, request.validateOnly)),
  ),
}));

/** A name that is given twice is answered once, with an error. */
function firstOfEachName(topics: readonly Creation[]): Creation[] {
  return topics.filter(({ name }, i) => topics.findIndex((other) => other.name === name) === i);
}

async function create(cluster: Cluster, creation: Creation, all: readonly Creation[], validateOnly: boolean) {
  const { name } = creation;
  try {
    if (all.filter((other) => other.name === name).length > 1) throw new Refusal('INVALID_REQUEST', `Duplicate topic name: ${name}`);
    const wanted = { name, partitions: partitionsOf(cluster, creation), configs: creation.configs };
    const { topic, partitions } = cluster.topics.plan(wanted);
    if (!validateOnly) cluster.topics.create(wanted);
    await cluster.journal.flushed();
    return { name, ...SUCCESS, numPartitions: partitions, replicationFactor: 1, configs: topicSettings(topic) };
  } catch (error) {
    return { name, ...failureOf(error) };
  }
}

/** Replicas are accepted as a number and there is one of each partition; naming their places is not served. */
function partitionsOf(cluster: Cluster, { assignments, numPartitions, replicationFactor }: Creation): number {
  if (assignments.length === 0) {
    if (replicationFactor === 0 || replicationFactor < -1)
      throw new Refusal('INVALID_REPLICATION_FACTOR', 'Replication factor must be larger than 0, or -1 to use the default value.');
    if (numPartitions === 0 || numPartitions < -1)
      throw new Refusal('INVALID_PARTITIONS', 'Number of partitions must be larger than 0, or -1 to use the default value.');
    return numPartitions;
  }
  if (numPartitions !== -1 || replicationFactor !== -1)
    throw new Refusal('INVALID_REQUEST', 'partitions and replication factor must be -1 beside an assignment');
  checkBrokers(cluster, assignments);
  const copies = new Set(assignments.map(({ brokerIds }) => brokerIds.length));
  if (copies.size > 1 || copies.has(0))
    throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'each partition needs replicas, and as many as the others');
  const indexes = assignments.map(({ index }) => index).sort((a, b) => a - b);
  if (indexes.some((index, i) => index !== i))
    throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'partitions should be consecutive 0-based integers');
  return assignments.length;
}

/** @throws Refusal INVALID_REPLICA_ASSIGNMENT */
function checkBrokers(cluster: Cluster, assignments: readonly { readonly brokerIds: readonly number[] }[]): void {
  const known = cluster.nodes().map(({ id }) => id);
  if (assignments.some(({ brokerIds }) => new Set(brokerIds).size < brokerIds.length))
    throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'a broker is named twice for a partition');
  const unknown = assignments.flatMap(({ brokerIds }) => brokerIds).find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Refusal('INVALID_REPLICA_ASSIGNMENT', `there is no broker ${unknown}`);
}

export const handleDeleteTopics = handler(DELETE_TOPICS, async ({ names }, { cluster }) => ({
  topics: await Promise.all(names.map(async (name) => ({ name, ...(await remove(cluster, name)) }))),
}));

async function remove(cluster: Cluster, name: string): Promise<Failure> {
  try {
    const topic: Topic = cluster.topics.require(name);
    await cluster.deleteTopic(topic);
    await cluster.journal.flushed();
    return SUCCESS;
  } catch (error) {
    return failureOf(error);
  }
}

type Growth = Request<typeof createPartitions>['topics'][number];

export const handleCreatePartitions = handler(CREATE_PARTITIONS, async ({ topics, validateOnly }, { cluster }) => ({
  topics: await Promise.all(
    topics.map(async (growth) => ({
      name: growth.name,
      ...(await durableOutcome(cluster, () => grow(cluster, growth, validateOnly))),
    })),
  ),
}));

function grow(cluster: Cluster, { name, count, assignments }: Growth, validateOnly: boolean): void {
  const topic = cluster.topics.require(name);
  checkBrokers(cluster, assignments ?? []);
  const added = count - topic.partitions.length;
  if (assignments !== null && added > 0 && assignments.length !== added) {
    throw new Refusal('INVALID_REPLICA_ASSIGNMENT', `${added} partitions are added, ${assignments.length} are assigned`);
  }
  cluster.topics.grow(topic, count, validateOnly);
}
