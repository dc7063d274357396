import type { Agent } from '../../agents/index.ts';
import type { Source } from '../../connect/index.ts';
import { ConfigError } from '../../errors.ts';
import type { TopicSpec } from '../../kafka/index.ts';
import type { DeclaredTable } from '../../tables/index.ts';
import { type AnyRegrouped, type AnyTopic, RepartitionTopic, Topic } from '../../topics/index.ts';
import { type CoPartitioned, countProblems } from './co-partitioning.ts';
import { type AppTopicSpec, letterTopicSpecs } from './letter-topics.ts';
import { repartitionCount } from './repartition-count.ts';
import { matchSources } from './source-map.ts';
import { changelogCounts, changelogSpecs, type TableUse, tableProblems, tableUses, topicsOfTables } from './table-topology.ts';

/** What an app has declared: its topics, the agents between them, their tables, the sources that fill them. Nothing is connected by it. */
export class Graph {
  readonly topics = new Map<string, AnyTopic>();
  readonly agents = new Map<string, Agent>();
  readonly sources = new Map<string, Source>();
  readonly tables = new Map<string, DeclaredTable>();
  /** Topics through which events travel to another key. */
  readonly repartitions = new Map<AnyRegrouped, RepartitionTopic>();
  readonly #appId: string;
  readonly #together: CoPartitioned[] = [];
  readonly #twice: string[] = [];

  constructor(appId: string) {
    this.#appId = appId;
  }

  /** Topics that are read together. */
  get coPartitioned(): readonly CoPartitioned[] {
    return [...this.#together, ...topicsOfTables(this.#tableUses)];
  }

  /** Topics that need the same number of partitions: those that are read together, and the changelogs of their tables. */
  get sameCounts(): readonly CoPartitioned[] {
    return [...this.#together, ...changelogCounts(this.#tableUses)];
  }

  /** Declares that partition p of all these topics is worked on by one task. @param by what reads them together */
  coPartition(by: string, topics: readonly string[]): void {
    this.#together.push({ by, topics });
  }

  /** Puts something declared into its place; a second one of the name is a problem that `problems` reports. */
  add<T>(place: Map<string, T>, what: string, name: string, declared: T): void {
    if (place.has(name)) this.#twice.push(`${what} "${name}" is declared twice`);
    place.set(name, declared);
  }

  /** Partition count of a repartition topic: that of the topics that are read with it, else of the one that it is filled from. */
  repartitionCount(name: string): number {
    return repartitionCount(name, this.topics, this.coPartitioned);
  }

  /** All topics that are needed; those of patterns come from elsewhere. A dead-letter topic takes at least 2 MiB a record, and what its source takes. */
  topicSpecs(): AppTopicSpec[] {
    const topics = [...this.topics.values()];
    const declared = topics.map((topic) => ({ ...specOf(topic), ...originOf(topic) }));
    const written = new Map(
      [...this.sources.values()].flatMap((source) => source.topics).map((spec) => [spec.name, { ...spec, internal: false }]),
    );
    for (const { name } of declared) written.delete(name);
    const letters = letterTopicSpecs(this.#appId, topics, [...this.agents.values()]);
    return [...declared, ...written.values(), ...letters, ...changelogSpecs(this.#tableUses, this.topics)];
  }

  /** Everything that keeps the app from being run. */
  problems(use: 'run' | 'topics'): string[] {
    const agents = [...this.agents.values()];
    const problems = [...this.#twice, ...problemsOf(() => matchSources(agents, []))];
    for (const agent of agents) {
      for (const topic of [...agent.sources, ...agent.sinks]) {
        if (topic instanceof Topic && !this.topics.has(topic.name)) {
          problems.push(`agent "${agent.name}": topic "${topic.name}" belongs to another app`);
        }
      }
    }
    const counts = new Map([...this.topics.values()].map(({ name, partitions }) => [name, partitions]));
    problems.push(...countProblems(this.coPartitioned, counts), ...tableProblems(this.#tableUses, agents, this.topics));
    if (use === 'run' && agents.length === 0 && this.sources.size === 0) problems.push(`app "${this.#appId}" has no agents`);
    return problems;
  }

  get #tableUses(): TableUse[] {
    return tableUses(this.tables, [...this.agents.values()]);
  }
}

/** The problems that a check reports. */
export function problemsOf(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function originOf(topic: AnyTopic): Pick<AppTopicSpec, 'internal' | 'repartitionOf'> {
  return topic instanceof RepartitionTopic ? { internal: true, repartitionOf: topic.source.name } : { internal: false };
}

function specOf({ name, partitions, replicationFactor, configs }: AnyTopic): TopicSpec {
  return { name, partitions, replicationFactor, configs };
}
