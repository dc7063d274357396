const CHANGELOG = '-changelog';
const REPARTITION = '-repartition';

/** Name of the topic that keeps the entries of a table. */
export function changelogTopicOf(app: string, table: string): string {
  return `${app}-${table}${CHANGELOG}`;
}

/** Name of the topic in which the events of a topic travel under another key. */
export function repartitionTopicOf(app: string, name: string): string {
  return `${app}-${name}${REPARTITION}`;
}

/** Changelogs and repartition topics of any app, by their names: patterns never match them. */
export function isStateTopic(name: string): boolean {
  return name.endsWith(CHANGELOG) || name.endsWith(REPARTITION);
}

/**
 * Configs of a changelog. Only the last record of each key counts, so the log is compacted, early (a third of it is old) and in
 * small segments, since the segment that is written is never compacted. Deletions stay visible for a day, for readers that are
 * behind.
 */
export const CHANGELOG_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'min.cleanable.dirty.ratio': '0.3',
  'segment.bytes': String(64 * 1024 * 1024),
  'delete.retention.ms': String(24 * 3_600_000),
};

/** For brokers that let nobody set the others. */
export const PLAIN_CHANGELOG_CONFIGS: Readonly<Record<string, string>> = { 'cleanup.policy': 'compact' };
