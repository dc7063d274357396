import type { Agent } from '../../agents/index.ts';
import type { KafkaAdmin, TopicSpec } from '../../kafka/index.ts';
import type { AnyTopic } from '../../topics/index.ts';
import { appLetterTopicOf, deadLetterTopicOf, isInternalTopic } from '../output/letters/dead-letters.ts';
import { matching } from './matching.ts';

export interface AppTopicSpec extends TopicSpec {
  /** True for topics that the runtime makes for itself, such as dead-letter topics. */
  readonly internal: boolean;
  /** Of a topic through which events travel to another key: the topic that they come from. */
  readonly repartitionOf?: string;
  /** Of a dead-letter topic: the topics, or patterns of topics, whose letters it takes. */
  readonly lettersOf?: ReadonlyArray<string | RegExp>;
  /** Of a changelog: its table. */
  readonly changelogOf?: string;
}

const LIMIT = 'max.message.bytes';
const LEAST_BYTES = 2 * 1024 * 1024;
/** What a letter has beside its record: place, error, message and stack (`dead-letters.ts` bounds each of them). */
const HEADER_BYTES = 16 * 1024;

/** Specs of the dead-letter topics: one per topic that agents name, and one of the app for all topics that patterns match. */
export function letterTopicSpecs(app: string, topics: readonly AnyTopic[], agents: readonly Agent[]): AppTopicSpec[] {
  const sources = agents.flatMap((agent) => agent.sources.map(({ name }) => name));
  const own = topics
    .filter(({ name }) => sources.includes(name))
    .map(({ name, partitions, replicationFactor, configs }) => ({
      name: deadLetterTopicOf(name, app),
      partitions,
      replicationFactor,
      configs: configsFor([configs?.[LIMIT]]),
      internal: true,
      lettersOf: [name],
    }));
  const patterns = sources.filter((name) => typeof name !== 'string');
  if (patterns.length === 0) return own;
  return [...own, { name: appLetterTopicOf(app), partitions: 1, configs: configsFor([]), internal: true, lettersOf: patterns }];
}

/**
 * The specs, with dead-letter topics raised to what the topics in the broker take: a topic may have been created with a
 * larger limit than the app declares. A letter topic whose limit is larger than needed keeps it.
 */
export async function fittedSpecs(admin: KafkaAdmin, specs: readonly AppTopicSpec[]): Promise<AppTopicSpec[]> {
  const letters = specs.filter(({ lettersOf }) => lettersOf !== undefined);
  if (letters.length === 0) return [...specs];
  const topics = await admin.listTopics();
  const sources = new Map(letters.map((spec) => [spec, sourcesOf(spec, topics)]));
  const existing = topics.filter((name) => letters.some((spec) => spec.name === name || sources.get(spec)?.has(name) === true));
  const configs = await admin.topicConfigs(existing);
  return specs.map((spec) => {
    if (spec.lettersOf === undefined) return spec;
    const limits = [...(sources.get(spec) ?? [])].map((name) => configs.get(name)?.[LIMIT]);
    const needed = configsFor([...limits, declaredLimit(spec)]);
    const present = Number(configs.get(spec.name)?.[LIMIT]);
    return { ...spec, configs: present > Number(needed[LIMIT]) ? { ...needed, [LIMIT]: String(present) } : needed };
  });
}

/** Returns the topics, of those that exist, whose letters a dead-letter topic takes. */
function sourcesOf({ lettersOf = [] }: AppTopicSpec, topics: readonly string[]): ReadonlySet<string> {
  const ordinary = topics.filter((topic) => !isInternalTopic(topic));
  return new Set(
    lettersOf.flatMap((source) =>
      typeof source === 'string' ? topics.filter((topic) => topic === source) : matching(source, ordinary).names,
    ),
  );
}

/** What the app's own declaration has asked for, as a limit of the source. */
function declaredLimit({ configs }: TopicSpec): string {
  return String(Number(configs?.[LIMIT]) - HEADER_BYTES);
}

/** Letters stay until somebody has looked (`streamer dlq purge`), whatever the broker's defaults. */
function configsFor(limits: ReadonlyArray<string | undefined>): Record<string, string> {
  const largest = Math.max(LEAST_BYTES, ...limits.map((limit) => (Number(limit) || 0) + HEADER_BYTES));
  return { [LIMIT]: String(Math.min(largest, 2 ** 31 - 1)), 'cleanup.policy': 'delete', 'retention.ms': '-1' };
}
