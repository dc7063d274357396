import { deadLetter, defineAgent, regroup } from '../agents/index.ts';
import { ConfigError } from '../errors.ts';
import type { Graph } from '../runtime/index.ts';
import { repartitionTopicOf } from '../tables/index.ts';
import { type AnyRegrouped, type AnyTopic, type Readable, Regrouped, RepartitionTopic, Topic, type TopicHost } from '../topics/index.ts';

interface RegroupHost extends TopicHost {
  readonly id: string;
}

/** The agent that reads events under another key. */
interface Reader {
  readonly name: string;
  readonly tables: ReadonlyArray<{ readonly name?: string }>;
}

/**
 * Returns what an agent reads in the place of a source: for events under another key the topic that they travel through, which is
 * declared here, with the agent that fills it.
 *
 * @throws ConfigError when nothing says how the topic is called
 */
export function throughTopic<K, V, KIn, VIn>(
  host: RegroupHost,
  graph: Graph,
  reader: Reader,
  source: Readable<K, V, KIn, VIn>,
): Readable<K, V, KIn, VIn> {
  if (!(source instanceof Regrouped)) return source;
  // The topic gives what its serdes decode, which are those of the source.
  return repartitionOf(host, graph, source, nameFor(source, reader)) as Readable<unknown, unknown> as Readable<K, V, KIn, VIn>;
}

function repartitionOf(host: RegroupHost, graph: Graph, regrouped: AnyRegrouped, name: string): RepartitionTopic {
  const existing = graph.repartitions.get(regrouped);
  const topicName = repartitionTopicOf(host.id, name);
  if (existing?.name === topicName) return existing;
  if (existing !== undefined)
    throw new ConfigError(`groupBy: one stream is read as "${existing.name}" and as "${topicName}"`, { next: NAME_IT });
  const source = sourceOf(host, graph, regrouped, name);
  const topic = new RepartitionTopic(host, topicName, source, regrouped, () => graph.repartitionCount(topicName));
  graph.repartitions.set(regrouped, topic);
  graph.add(graph.topics, 'topic', topicName, topic);
  const agentName = `${name}-repartition`;
  graph.add(graph.agents, 'agent', agentName, fillingAgent(agentName, source, regrouped, topic));
  return topic;
}

function sourceOf(host: RegroupHost, graph: Graph, { source }: AnyRegrouped, name: string): AnyTopic {
  if (source instanceof Topic) return source;
  if (source instanceof Regrouped && source.givenName !== undefined) return repartitionOf(host, graph, source, source.givenName);
  throw new ConfigError(`groupBy: the stream that "${name}" is made of has no name`, { next: NAME_IT });
}

/**
 * Order by partition keeps the order of events that come under one new key. What the function throws it would throw again, and
 * others would wait for it.
 */
function fillingAgent(name: string, source: AnyTopic, { keyOf }: AnyRegrouped, topic: RepartitionTopic) {
  return defineAgent(name, [source], regroup(keyOf), { to: topic, order: 'partition', onError: deadLetter() });
}

const NAME_IT = "Name it: groupBy(..., { key, name: 'orders-by-user' }).";

/** An agent's name is never taken: a renamed agent would start on an empty topic. */
function nameFor({ givenName }: AnyRegrouped, { name: agent, tables }: Reader): string {
  const [table] = tables;
  const name = givenName ?? (tables.length === 1 ? table?.name : undefined);
  if (name !== undefined) return name;
  const why = tables.length === 0 ? 'it writes no table' : `it writes ${tables.length} tables`;
  throw new ConfigError(`agent "${agent}": nothing names the topic of the groupBy that it reads: ${why}`, { next: NAME_IT });
}
