import { Refusal } from '../../wire/error-code.ts';

/** Type of a setting, as DescribeConfigs numbers it. */
export const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, DOUBLE: 6, LIST: 7 } as const;

export interface ConfigDefinition {
  readonly type: number;
  readonly default: string;
  /** For numbers. */
  readonly least?: number;
  readonly most?: number;
  /** For strings and lists: the only values allowed. */
  readonly among?: readonly string[];
}

const LONG_MAX = '9223372036854775807';
const LONG_MIN = '-9223372036854775808';
const INT_MAX = 2_147_483_647;

const bool = (value: boolean): ConfigDefinition => ({ type: ConfigType.BOOLEAN, default: String(value) });
const int = (value: number, least: number, most = INT_MAX): ConfigDefinition => ({
  type: ConfigType.INT,
  default: String(value),
  least,
  most,
});
const long = (value: number | string, least = Number.NEGATIVE_INFINITY): ConfigDefinition => ({
  type: ConfigType.LONG,
  default: String(value),
  least,
});
const choice = (value: string, among: readonly string[]): ConfigDefinition => ({ type: ConfigType.STRING, default: value, among });
const list = (value: string, among?: readonly string[]): ConfigDefinition => ({
  type: ConfigType.LIST,
  default: value,
  ...(among && { among }),
});

/**
 * Settings of a topic with Kafka's names, types and defaults (https://kafka.apache.org/documentation/#topicconfigs).
 * This broker acts on `max.message.bytes`, `message.timestamp.*` and `retention.*`, on disk on `segment.bytes` and
 * `segment.ms`, on `cleanup.policy`, `min.compaction.lag.ms`, `max.compaction.lag.ms`, `min.cleanable.dirty.ratio` and
 * `delete.retention.ms`; the rest is kept and described.
 */
export const TOPIC_CONFIGS: { readonly [name: string]: ConfigDefinition } = {
  'cleanup.policy': list('delete', ['compact', 'delete']),
  'compression.gzip.level': int(-1, -1, 9),
  'compression.lz4.level': int(9, 1, 17),
  'compression.type': choice('producer', ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer']),
  'compression.zstd.level': int(3, -131_072, 22),
  'delete.retention.ms': long(86_400_000, 0),
  'file.delete.delay.ms': long(60_000, 0),
  'flush.messages': long(LONG_MAX, 1),
  'flush.ms': long(LONG_MAX, 0),
  'follower.replication.throttled.replicas': list(''),
  'index.interval.bytes': int(4096, 0),
  'leader.replication.throttled.replicas': list(''),
  'max.compaction.lag.ms': long(LONG_MAX, 1),
  'max.message.bytes': int(1_048_588, 0),
  'message.timestamp.after.max.ms': long(3_600_000, 0),
  'message.timestamp.before.max.ms': long(LONG_MAX, 0),
  'message.timestamp.type': choice('CreateTime', ['CreateTime', 'LogAppendTime']),
  'min.cleanable.dirty.ratio': { type: ConfigType.DOUBLE, default: '0.5', least: 0, most: 1 },
  'min.compaction.lag.ms': long(0, 0),
  'min.insync.replicas': int(1, 1),
  preallocate: bool(false),
  'retention.bytes': long(-1),
  'retention.ms': long(604_800_000, -1),
  'segment.bytes': int(1_073_741_824, 14),
  'segment.index.bytes': int(10_485_760, 4),
  'segment.jitter.ms': long(0, 0),
  'segment.ms': long(604_800_000, 1),
  'unclean.leader.election.enable': bool(false),
};

/** @throws Refusal INVALID_CONFIG */
export function checkConfig(name: string, value: string | null): string {
  const definition = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined;
  if (definition === undefined) throw new Refusal('INVALID_CONFIG', `Unknown topic config name: ${name}`);
  if (value === null) throw new Refusal('INVALID_CONFIG', `Null value not supported for topic config ${name}`);
  if (!isValid(definition, value.trim())) throw new Refusal('INVALID_CONFIG', `Invalid value ${value} for configuration ${name}`);
  return value.trim();
}

/** @throws Refusal INVALID_CONFIG when one setting contradicts another */
export function checkTogether(setting: (name: string) => { readonly value: string }): void {
  const [least, most] = [setting('min.compaction.lag.ms').value, setting('max.compaction.lag.ms').value];
  if (Number(least) > Number(most))
    throw new Refusal('INVALID_CONFIG', `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`);
}

function isLong(value: string): boolean {
  return BigInt(value) >= BigInt(LONG_MIN) && BigInt(value) <= BigInt(LONG_MAX);
}

function isValid(definition: ConfigDefinition, value: string): boolean {
  const { type, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, among } = definition;
  switch (type) {
    case ConfigType.BOOLEAN:
      return /^(true|false)$/i.test(value);
    case ConfigType.INT:
    case ConfigType.LONG:
      return /^-?\d+$/.test(value) && isLong(value) && Number(value) >= least && Number(value) <= most;
    case ConfigType.DOUBLE:
      return value !== '' && Number(value) >= least && Number(value) <= most;
    case ConfigType.LIST:
      return among === undefined || value === '' || value.split(',').every((one) => among.includes(one.trim()));
    default:
      return among === undefined || among.includes(value);
  }
}
