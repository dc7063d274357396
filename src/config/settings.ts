import { ConfigError } from '../errors.ts';
import { COMPRESSIONS } from '../wire/compression/compression.ts';
import { brokerList, choice, milliseconds, optional, type Parser, positive, text, truth } from './parsers.ts';
import { securityProblems } from './security.ts';

/**
 * Every setting, declared once: type, default, environment names, flag and help are read from its line. Precedence:
 * default < code < file < environment < flag; every value remembers where it came from.
 */
interface Setting<T> {
  readonly parse: Parser<T>;
  readonly byDefault: T;
  /** Tried in order. */
  readonly env: readonly string[];
  readonly flag: string;
  readonly help: string;
  /** Shown nowhere. */
  readonly isSecret?: boolean;
}

function setting<T>(parse: Parser<T>, byDefault: T, flag: string, help: string, env?: readonly string[]): Setting<T> {
  const name = `STREAMER_${flag.replace(/^--/, '').split(' ')[0]!.replaceAll('-', '_').toUpperCase()}`;
  return { parse, byDefault, flag, help, env: env ?? [name] };
}

const LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const;

export const settings = {
  brokers: setting(brokerList, ['127.0.0.1:29092'] as readonly string[], '--brokers <list>', 'Kafka brokers, host:port, comma separated', [
    'STREAMER_BROKERS',
    'KAFKA_BROKERS',
  ]),
  ssl: setting(
    truth,
    false,
    '--ssl',
    "encrypt connections to the brokers; the system's certificate authorities are trusted unless sslCa is given",
  ),
  sslCa: setting(
    optional(text),
    undefined,
    '--ssl-ca <file>',
    "PEM file of the authority that signed the brokers' certificates; turns ssl on",
  ),
  sslCert: setting(optional(text), undefined, '--ssl-cert <file>', 'PEM file of a client certificate; needs sslKey, turns ssl on'),
  sslKey: setting(optional(text), undefined, '--ssl-key <file>', "PEM file of the client certificate's key"),
  saslMechanism: setting(
    optional(choice(['plain', 'scram-sha-256', 'scram-sha-512'])),
    undefined,
    '--sasl-mechanism <name>',
    'how to log in to the brokers: plain, scram-sha-256 or scram-sha-512; plain once a user is named',
  ),
  saslUsername: setting(optional(text), undefined, '--sasl-username <name>', 'user to log in as'),
  saslPassword: {
    ...setting(optional(text), undefined, '--sasl-password <text>', 'its password; better given in the environment than as a flag'),
    isSecret: true,
  },
  logLevel: setting(choice(LOG_LEVELS), 'info', '--log-level <level>', 'least serious messages to be logged'),
  commitIntervalMs: setting(milliseconds(10), 500, '--commit-interval-ms <ms>', 'time between two offset commits'),
  sessionTimeoutMs: setting(
    milliseconds(1_000),
    10_000,
    '--session-timeout-ms <ms>',
    'silence after which the group takes a worker for dead',
  ),
  heartbeatIntervalMs: setting(milliseconds(100), 3_000, '--heartbeat-interval-ms <ms>', 'time between two heartbeats to the group'),
  drainTimeoutMs: setting(
    milliseconds(0),
    10_000,
    '--drain-timeout-ms <ms>',
    'time for work in hand to finish before a partition is given up or the worker stops',
  ),
  fetchWaitMs: setting(milliseconds(1), 250, '--fetch-wait-ms <ms>', 'longest time the broker holds a fetch that finds nothing'),
  metadataMaxAgeMs: setting(
    milliseconds(100),
    60_000,
    '--metadata-max-age-ms <ms>',
    'age at which topics are looked at anew: new partitions and topics are noticed then',
  ),
  compression: setting(
    choice(COMPRESSIONS),
    'none',
    '--compression <name>',
    'how record batches are compressed that are written: none, gzip, snappy, lz4 or zstd; a topic may say otherwise',
  ),
  maxBatchBytes: setting(
    positive,
    64 * 1024 * 1024,
    '--max-batch-bytes <n>',
    'largest size to which one compressed record batch may expand when it is read',
  ),
  queueRecords: setting(positive, 1_000, '--queue-records <n>', 'records waiting per agent and partition at which the partition pauses'),
  queueBytes: setting(
    positive,
    16 * 1024 * 1024,
    '--queue-bytes <n>',
    'bytes waiting per agent and partition at which the partition pauses',
  ),
  onOffsetOutOfRange: setting(
    choice(['stop', 'earliest', 'latest']),
    'stop',
    '--on-offset-out-of-range <what>',
    "what to do when the group's commit lies outside of the log: stop, or go on at the earliest or latest record",
  ),
  stallWarningMs: setting(
    milliseconds(100),
    60_000,
    '--stall-warning-ms <ms>',
    'time without progress after which an unfinished event is reported, with the stage it stands at',
  ),
} as const;

export type Settings = { readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never };
export type SettingName = keyof Settings;
export type SettingsInput = { readonly [K in SettingName]?: Settings[K] | string | number | boolean | undefined };

export interface Origin {
  readonly layer: 'default' | 'code' | 'file' | 'environment' | 'flag';
  /** The file, variable or flag. */
  readonly name: string | undefined;
}

export interface ResolvedSettings {
  readonly values: Settings;
  readonly origins: Readonly<Record<SettingName, Origin>>;
}

export interface Layers {
  readonly code?: SettingsInput | undefined;
  readonly file?: { readonly path: string; readonly values: SettingsInput } | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly flags?: SettingsInput | undefined;
}

export const settingNames = Object.keys(settings) as SettingName[];

/** @throws ConfigError with all problems together, each naming the place the value came from */
export function resolveSettings(layers: Layers): ResolvedSettings {
  const problems: string[] = [...unknownNames('code', layers.code), ...unknownNames(layers.file?.path ?? 'file', layers.file?.values)];
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const name of settingNames) {
    const { raw, origin } = pick(name, layers);
    origins[name] = origin;
    const definition: Setting<unknown> = settings[name];
    if (raw === undefined) {
      values[name] = definition.byDefault;
      continue;
    }
    const parsed = definition.parse(raw);
    if ('expected' in parsed)
      problems.push(
        `${name}: expected ${parsed.expected}, got ${definition.isSecret ? 'something else' : JSON.stringify(raw)} (from ${origin.name ?? origin.layer})`,
      );
    else values[name] = parsed.value;
  }
  if (problems.length === 0) problems.push(...securityProblems(values as unknown as Settings));
  if (problems.length > 0) throw new ConfigError(problems);
  return { values: values as unknown as Settings, origins: origins as Record<SettingName, Origin> };
}

function pick(name: SettingName, layers: Layers): { raw: unknown; origin: Origin } {
  const definition: Setting<unknown> = settings[name];
  const flag = layers.flags?.[name];
  if (flag !== undefined) return { raw: flag, origin: { layer: 'flag', name: definition.flag.split(' ')[0] } };
  for (const variable of definition.env) {
    const value = layers.env?.[variable];
    if (value !== undefined && value !== '') return { raw: value, origin: { layer: 'environment', name: variable } };
  }
  const fromFile = layers.file?.values[name];
  if (fromFile !== undefined) return { raw: fromFile, origin: { layer: 'file', name: layers.file?.path } };
  const fromCode = layers.code?.[name];
  if (fromCode !== undefined) return { raw: fromCode, origin: { layer: 'code', name: undefined } };
  return { raw: undefined, origin: { layer: 'default', name: undefined } };
}

function unknownNames(where: string, input: SettingsInput | undefined): string[] {
  return Object.keys(input ?? {})
    .filter((name) => !(name in settings))
    .map((name) => `${where}: unknown setting "${name}"; known are ${settingNames.join(', ')}`);
}
