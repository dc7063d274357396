import { refuse } from '../../options/index.ts';
import { jsonConverter } from '../connect-data/converter.ts';
import { topicName } from './events/topic-name.ts';
import { unwrap } from './events/unwrap.ts';
import { addedNames } from './events/unwrap-options.ts';
import { problemsOf } from './option-checks.ts';
import type { PostgresChangesOptions } from './options.ts';
import { dottedTable, shownTable, type TableName } from './server/sql.ts';
import { parseTable } from './table-option.ts';
import type { TypeOptions } from './types/field-type.ts';

/** Options with their defaults. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

/** @throws ConfigError with everything that is wrong */
export function resolveOptions(options: PostgresChangesOptions) {
  const slot =
    options.slot ??
    `streamer_${String(options.prefix)
      .toLowerCase()
      .replace(/[^a-z0-9_]/g, '_')}`;
  refuse('postgresChanges', problemsOf(options, slot));
  const { url, prefix, snapshot = 'initial', schemas, converter = jsonConverter({ schemas }), tombstones = true } = options;
  const { publication = slot, messages = false, contextHeaders = true, pollMs = 100, heartbeatMs = 10_000 } = options;
  const { onTableReplaced = 'stop', onSlotLost = 'stop', topics: { partitions = 1, configs } = {} } = options;
  const tables = options.tables.map(parseTable);
  refuse('postgresChanges', topicProblems(prefix, tables));
  const unwrapping = options.unwrap === true ? {} : options.unwrap === false ? undefined : options.unwrap;
  return {
    url,
    prefix,
    slot,
    tables,
    publication,
    snapshot,
    onTableReplaced,
    onSlotLost,
    converter,
    unwrap: unwrapping === undefined ? undefined : unwrap(unwrapping),
    /** Names of the fields that `unwrap` adds to a row. */
    addedColumns: unwrapping === undefined ? [] : addedNames(unwrapping),
    tombstones,
    skip: new Set<string>(options.skip ?? ['t']),
    messages,
    contextHeaders,
    types: typeOptions(options),
    pollMs,
    heartbeatMs,
    topics: { partitions, configs },
  };
}

/** The longest name of a topic that Kafka takes. */
const LONGEST_TOPIC = 249;

/**
 * Kafka allows fewer characters in a topic's name than PostgreSQL in a table's, so two tables may come to have one topic. Of topics that
 * differ only in `.` and `_`, Kafka creates one.
 */
function topicProblems(prefix: string, tables: readonly TableName[]): string[] {
  const topics = tables.map((table) => topicName(`${prefix}.${dottedTable(table)}`));
  const long = topics.filter((topic) => topic.length > LONGEST_TOPIC);
  const alike = [...new Set(topics)].filter((topic, _, all) => all.some((other) => other !== topic && spelt(other) === spelt(topic)));
  return [
    ...collisions(prefix, tables),
    ...long.map((topic) => `the topic ${topic} has more than ${LONGEST_TOPIC} characters: choose a shorter prefix`),
    ...(alike.length === 0
      ? []
      : [
          `Kafka takes only one of the topics ${alike.join(', ')}, which differ in "." and "_" alone: give each table a source of its own with another prefix`,
        ]),
  ];
}

function spelt(topic: string): string {
  return topic.replaceAll('.', '_');
}

function collisions(prefix: string, tables: readonly TableName[]): string[] {
  const byTopic = new Map<string, string[]>();
  for (const table of tables) {
    const topic = topicName(`${prefix}.${dottedTable(table)}`);
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), shownTable(table)]);
  }
  return [...byTopic]
    .filter(([, names]) => names.length > 1)
    .map(([topic, names]) => {
      const what =
        new Set(names).size === 1
          ? `${names[0]} is named twice in tables`
          : `${names.join(' and ')} would both be written to the topic ${topic}, under the same keys`;
      return `${what}: rename one, or give each a source of its own with another prefix`;
    });
}

function typeOptions(options: PostgresChangesOptions): TypeOptions {
  const { decimals = 'precise', times = 'adaptive', binary = 'bytes' } = options;
  const { intervals = 'numeric', hstore = 'json', unknownTypes = false } = options;
  return { decimals, times, binary, intervals, hstore, unknown: unknownTypes };
}
