import { ConfigError } from '../errors.ts';
import { COMPRESSIONS, type CompressionName } from '../kafka/index.ts';
import { anything, type Check, type ChecksOf, checkOptions, oneOf, sentence, wholeNumber } from '../options/index.ts';

/** What happens to records without value: `skip` counts them and goes on, `deliver` gives `event.value === null`. */
export type TombstonePolicy = 'skip' | 'deliver';

export interface TopicOptions {
  /** Partition count it is created with. @default 1 */
  readonly partitions?: number | undefined;
  /** @default 1 on a single broker, else 3 */
  readonly replicationFactor?: number | undefined;
  /** Topic configs as Kafka names them, as `{ 'retention.ms': '86400000' }`. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
  /** @default 'skip' */
  readonly tombstones?: TombstonePolicy | undefined;
  /** How the app compresses the batches that it writes: none, gzip, snappy, lz4 or zstd. @default the app's setting `compression` */
  readonly compression?: CompressionName | undefined;
}

/** Checked `TopicOptions`. */
export interface TopicPlan {
  readonly partitions: number;
  readonly replicationFactor: number | undefined;
  readonly configs: Readonly<Record<string, string>>;
  readonly tombstones: TombstonePolicy;
  readonly compression: CompressionName | undefined;
}

interface AnySerdeOptions {
  readonly key?: unknown;
  readonly value?: unknown;
}

const tombstones = oneOf(['skip', 'deliver']);

const configs: Check = {
  expected: 'configs by name',
  fits: (value) => typeof value === 'object' && value !== null,
  problems: (name, value) =>
    Object.entries(Object(value)).flatMap(([config, text]) =>
      typeof text === 'string' ? [] : [sentence(`${name}.${config}`, "a string, as '1000'", text)],
    ),
};

const TOPIC: ChecksOf<TopicOptions & AnySerdeOptions> = {
  key: anything,
  value: anything,
  partitions: wholeNumber(1),
  replicationFactor: wholeNumber(1),
  configs,
  tombstones,
  compression: oneOf(COMPRESSIONS),
};

const PATTERN: ChecksOf<Pick<TopicOptions, 'tombstones'> & AnySerdeOptions> = { key: anything, value: anything, tombstones };

/** @throws ConfigError */
export function topicPlan(name: string, options: TopicOptions): TopicPlan {
  checkTopicName(name);
  checkOptions<TopicOptions>(`topic "${name}"`, options, TOPIC);
  const { partitions = 1, replicationFactor, configs: given, tombstones: policy = 'skip', compression } = options;
  return { partitions, replicationFactor, configs: { ...given }, tombstones: policy, compression };
}

/** @throws ConfigError */
export function patternTombstones(pattern: RegExp, options: Pick<TopicOptions, 'tombstones'>): TombstonePolicy {
  checkOptions<Pick<TopicOptions, 'tombstones'>>(`topic "${pattern}"`, options, PATTERN);
  return options.tombstones ?? 'skip';
}

/** Kafka's rule: 1 to 249 of letters, digits, `.`, `_`, `-`, and neither `.` nor `..`. */
function checkTopicName(name: string): void {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
    throw new ConfigError(`topic name ${JSON.stringify(name)} is not allowed: 1 to 249 letters, digits, ".", "_" or "-"`);
  }
}
