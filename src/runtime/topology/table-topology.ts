import type { Agent } from '../../agents/index.ts';
import { CHANGELOG_CONFIGS, type DeclaredTable } from '../../tables/index.ts';
import type { AnyTopic } from '../../topics/index.ts';
import type { CoPartitioned } from './co-partitioning.ts';
import type { AppTopicSpec } from './letter-topics.ts';

/** A table with the agents that name it. */
export interface TableUse {
  readonly table: DeclaredTable;
  readonly writers: readonly Agent[];
  readonly readers: readonly Agent[];
}

export function tableUses(tables: ReadonlyMap<string, DeclaredTable>, agents: readonly Agent[]): TableUse[] {
  return [...tables.values()].map((table) => ({
    table,
    writers: agents.filter((agent) => names(agent.tables, table)),
    readers: agents.filter((agent) => names(agent.reads, table)),
  }));
}

/** The topics that one task has to read, so that all agents of a table find its shard. */
export function topicsOfTables(uses: readonly TableUse[]): CoPartitioned[] {
  return uses.flatMap(({ table, writers, readers }) => {
    const topics = topicsOf([...writers, ...readers]);
    return topics.length === 0 ? [] : [{ by: `table "${table.name}"`, topics }];
  });
}

/** A changelog has the partitions of the topics of its table, or its shards would be written to other numbers than they are read from. */
export function changelogCounts(uses: readonly TableUse[]): CoPartitioned[] {
  return uses.flatMap(({ table, writers, readers }) => {
    const topics = topicsOf([...writers, ...readers]);
    return topics.length === 0 ? [] : [{ by: `table "${table.name}"`, topics: [...topics, table.changelog] }];
  });
}

/** The changelogs, with the partitions and replicas of the topics that their tables are written from. */
export function changelogSpecs(uses: readonly TableUse[], topics: ReadonlyMap<string, AnyTopic>): AppTopicSpec[] {
  return uses.flatMap(({ table, writers }) => {
    const [source] = topicsOf(writers).flatMap((name) => topics.get(name) ?? []);
    if (source === undefined) return [];
    const { partitions, replicationFactor } = source;
    return [{ name: table.changelog, partitions, replicationFactor, configs: CHANGELOG_CONFIGS, internal: true, changelogOf: table.name }];
  });
}

/** What keeps the tables from being used as they are declared. */
export function tableProblems(uses: readonly TableUse[], agents: readonly Agent[], topics: ReadonlyMap<string, AnyTopic>): string[] {
  const declared = new Set<unknown>(uses.map(({ table }) => table));
  return [
    ...agents.flatMap((agent) => agentProblems(agent, declared)),
    ...uses.flatMap(({ table: { name, changelog }, writers }) => [
      ...(writers.length === 0 ? [`table "${name}" is written by no agent: name it in the \`tables\` of one`] : []),
      ...(writers.length > 1
        ? [`table "${name}" is written by ${listed(writers)}: one agent writes a table; name it in \`reads\` of the others`]
        : []),
      ...(topics.has(changelog) ? [`topic "${changelog}" is the changelog of table "${name}": do not declare it`] : []),
    ]),
  ];
}

function agentProblems({ name, order, sources, tables, reads }: Agent, declared: ReadonlySet<unknown>): string[] {
  const where = `agent "${name}"`;
  const all = [...tables, ...reads];
  if (all.length === 0) return [];
  const patterns = sources.filter((source) => typeof source.name !== 'string');
  return [
    ...all.filter((table) => !declared.has(table)).map((table) => `${where}: table "${table.name}" belongs to another app`),
    ...patterns.map(
      (source) => `${where}: it reads the pattern ${source.name}, and tables need topics that are known: their partitions must be as many`,
    ),
    ...(tables.length > 0 && sources.length > 1
      ? [
          `${where}: it writes tables and reads ${sources.length} topics, whose events of one key would run side by side: send them into one topic`,
        ]
      : []),
    ...(tables.length > 0 && order === 'none'
      ? [`${where}: order 'none' lets events of one key run side by side, and would lose writes to tables: use 'key' or 'partition'`]
      : []),
  ];
}

/** Topics that the agents read by name. */
export function topicsOf(agents: readonly Agent[]): string[] {
  const names = agents.flatMap(({ sources }) => sources.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])));
  return [...new Set(names)];
}

function names(tables: Agent['tables'], { name }: DeclaredTable): boolean {
  return tables.some((table) => table.name === name);
}

function listed(agents: readonly Agent[]): string {
  return agents.map(({ name }) => `"${name}"`).join(' and ');
}
