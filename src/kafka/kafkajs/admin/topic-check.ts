import { randomUUID } from 'node:crypto';
import { KafkaError } from '../../../errors.ts';
import { createTopics } from '../../../wire/apis/admin.ts';
import { ErrorCode, errorName } from '../../../wire/error-code.ts';
import type { TopicSpec } from '../../client.ts';
import { closest } from '../../spelling.ts';
import type { Cluster } from '../cluster.ts';
import { wrapped } from '../errors.ts';
import { readMetadata } from '../metadata.ts';
import { request } from '../request.ts';
import type { AdminSession } from './session.ts';
import { EVERY_SOURCE, readConfigs } from './topic-configs.ts';

const TIMEOUT_MS = 15_000;

/** Topics that exist need no check, and a missing right is reported where it is needed. */
const UNSAID: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  ErrorCode.TOPIC_ALREADY_EXISTS,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
]);

interface TopicRefusal {
  /** Kafka's name of the error. */
  readonly code: string;
  readonly why: string;
}

/**
 * Returns what the broker would refuse, by topic; nothing is created.
 *
 * @param there topics that exist: of them only the configs are checked. @param replicas for specs that do not say
 */
export async function checkSpecs(
  session: AdminSession,
  specs: readonly TopicSpec[],
  there: ReadonlyMap<string, number>,
  replicas: number,
): Promise<Map<string, string>> {
  const open = specs.filter(({ name, configs = {} }) => !there.has(name) || Object.keys(configs).length > 0);
  // The broker says nothing of the configs of a topic that is there: a name that is not stands in for it.
  const standIn = (name: string): string => (there.has(name) ? `${name.slice(0, 200)}.check-${randomUUID()}` : name);
  const asked = open.map((spec) => ({ spec, name: standIn(spec.name) }));
  const drafts = asked.map(({ spec, name }) => ({ ...spec, name }));
  const answers = await wrapped('checking topics', () => refusalsOf(session.cluster, drafts, replicas));
  const refused = asked.flatMap(({ spec, name }) => {
    const refusal = answers.get(name);
    const isOfConfigs = refusal?.code === 'INVALID_CONFIG';
    return refusal === undefined || (there.has(spec.name) && !isOfConfigs) ? [] : [{ spec, why: refusal.why }];
  });
  const known = refused.length > 0 ? await knownConfigs(session) : new Set<string>();
  return new Map(refused.map(({ spec, why }) => [spec.name, advised(why, spec, known)]));
}

/** By topic, in the broker's own words, which kafkajs drops. */
async function refusalsOf(cluster: Cluster, specs: readonly TopicSpec[], replicas: number): Promise<Map<string, TopicRefusal>> {
  const refused = new Map<string, TopicRefusal>();
  if (specs.length === 0) return refused;
  await cluster.refreshMetadata();
  const broker = await cluster.findControllerBroker();
  const topics = specs.map(({ name, partitions, replicationFactor, configs = {} }) => ({
    name,
    numPartitions: partitions,
    replicationFactor: replicationFactor ?? replicas,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }));
  const answer = await request(broker, createTopics, { topics, timeoutMs: TIMEOUT_MS, validateOnly: true });
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (UNSAID.has(errorCode)) continue;
    const code = errorName(errorCode);
    if (errorCode === ErrorCode.NOT_CONTROLLER)
      throw new KafkaError('retry', `checking topic "${name}": ${code}`, { topic: name, kafkaCode: code });
    refused.set(name, { code, why: errorMessage ? `${errorMessage} (${code})` : code });
  }
  return refused;
}

/** Names of all configs that topics have, as the broker describes those of any topic that exists. */
async function knownConfigs(session: AdminSession): Promise<Set<string>> {
  const [any] = await readMetadata(session.cluster, []).catch(() => []);
  const configs = any === undefined ? undefined : await readConfigs(session, [any.name], EVERY_SOURCE).catch(() => undefined);
  return new Set([...(configs?.values() ?? [])].flatMap((each) => Object.keys(each)));
}

/** The broker's words, and the name that was probably meant. */
function advised(why: string, { configs = {} }: TopicSpec, known: ReadonlySet<string>): string {
  const unknown = known.size === 0 ? [] : Object.keys(configs).filter((name) => !known.has(name));
  const meant = unknown.flatMap((name) => closest(name, known) ?? []);
  return meant.length === 0 ? why : `${why}; did you mean ${meant.join(', ')}?`;
}
