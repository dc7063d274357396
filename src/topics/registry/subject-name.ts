import { ConfigError } from '../../errors.ts';
import type { SerdeContext } from '../serde.ts';

/**
 * How a schema's subject is named: after the topic (`orders-value`), the record (`shop.Order`), or both
 * (`orders-shop.Order`), as Confluent's `TopicNameStrategy`, `RecordNameStrategy` and `TopicRecordNameStrategy` do.
 */
export type SubjectStrategy = 'topic' | 'record' | 'topic-record';

const STRATEGIES: readonly string[] = ['topic', 'record', 'topic-record'];

export interface SubjectOptions {
  /** The subject's name, for every topic. */
  readonly subject?: string | undefined;
  /** @default 'topic' */
  readonly strategy?: SubjectStrategy | undefined;
}

/** @param record full name of the schema, where it has one. @throws ConfigError when the strategy needs a name that the schema does not have */
export function subjectNamer(
  { subject, strategy = 'topic' }: SubjectOptions,
  record: string | undefined,
): (context: SerdeContext) => string {
  if (!STRATEGIES.includes(strategy)) {
    throw new ConfigError(`subject strategy: expected ${STRATEGIES.join(', ')}, got ${JSON.stringify(strategy)}`);
  }
  if (subject !== undefined) {
    if (subject === '') throw new ConfigError('subject: expected a name, got an empty one');
    return () => subject;
  }
  if (strategy === 'topic') return ({ topic, part }) => `${topic}-${part}`;
  if (record === undefined) throw new ConfigError(`subject strategy "${strategy}": the schema has no name (in JSON Schema: no title)`);
  return strategy === 'record' ? () => record : ({ topic }) => `${topic}-${record}`;
}
