import { COMPRESSIONS } from '../wire/compression/compression.ts';
import { brokerList, choice, milliseconds, optional, type Parser, positive, shownBrokers, text, truth } from './parsers.ts';

/**
 * A setting, declared once: type, default, environment names, flag and help come from its line. Precedence:
 * default < code < file < environment < flag. Every value keeps its origin.
 */
export interface Setting<T> {
  readonly parse: Parser<T>;
  readonly byDefault: T;
  /** Tried in order. */
  readonly env: readonly string[];
  readonly flag: string;
  readonly help: string;
  /** Never printed. */
  readonly isSecret?: boolean;
  /** A refused value as a message may show it. @default JSON */
  readonly shown?: (raw: unknown) => string;
}

function setting<T>(parse: Parser<T>, byDefault: T, flag: string, help: string, env?: readonly string[]): Setting<T> {
  const name = `STREAMER_${flag.replace(/^--/, '').split(' ')[0]!.replaceAll('-', '_').toUpperCase()}`;
  return { parse, byDefault, flag, help, env: env ?? [name] };
}

const LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const;

export const settings = {
  brokers: {
    ...setting<readonly string[]>(brokerList, ['127.0.0.1:29092'], '--brokers <list>', 'Kafka brokers: host:port, comma-separated', [
      'STREAMER_BROKERS',
      'KAFKA_BROKERS',
    ]),
    shown: shownBrokers,
  },
  ssl: setting(
    truth,
    false,
    '--ssl',
    "encrypt connections to the brokers; trusts the system's certificate authorities unless --ssl-ca is given",
  ),
  sslCa: setting(
    optional(text),
    undefined,
    '--ssl-ca <file>',
    "PEM file of the authority that signed the brokers' certificates; turns on --ssl",
  ),
  sslCert: setting(optional(text), undefined, '--ssl-cert <file>', 'PEM file of a client certificate; needs --ssl-key, turns on --ssl'),
  sslKey: setting(optional(text), undefined, '--ssl-key <file>', "PEM file of the client certificate's key"),
  saslMechanism: setting(
    optional(choice(['plain', 'scram-sha-256', 'scram-sha-512'])),
    undefined,
    '--sasl-mechanism <name>',
    'SASL mechanism: plain, scram-sha-256 or scram-sha-512; plain when a user is given',
  ),
  saslUsername: setting(optional(text), undefined, '--sasl-username <name>', 'SASL user name'),
  saslPassword: {
    ...setting(optional(text), undefined, '--sasl-password <text>', 'SASL password; better set in the environment than as a flag'),
    isSecret: true,
  },
  logLevel: setting(
    choice(LOG_LEVELS),
    'info',
    '--log-level <level>',
    'lowest level of log messages to print: debug, info, warning or error',
  ),
  commitIntervalMs: setting(milliseconds(10), 500, '--commit-interval-ms <ms>', 'time between two offset commits'),
  sessionTimeoutMs: setting(
    milliseconds(1_000),
    10_000,
    '--session-timeout-ms <ms>',
    'time without a heartbeat after which the group removes the worker',
  ),
  heartbeatIntervalMs: setting(milliseconds(100), 3_000, '--heartbeat-interval-ms <ms>', 'time between two heartbeats to the group'),
  drainTimeoutMs: setting(
    milliseconds(0),
    10_000,
    '--drain-timeout-ms <ms>',
    'time that events in flight have to finish before a partition is revoked or the worker stops',
  ),
  fetchWaitMs: setting(milliseconds(1), 250, '--fetch-wait-ms <ms>', 'longest time the broker holds a fetch that has no records'),
  metadataMaxAgeMs: setting(
    milliseconds(100),
    60_000,
    '--metadata-max-age-ms <ms>',
    'time after which metadata is fetched again; new topics and partitions are found then',
  ),
  compression: setting(
    choice(COMPRESSIONS),
    'none',
    '--compression <name>',
    'compression of written record batches: none, gzip, snappy, lz4 or zstd; a topic may set its own',
  ),
  maxBatchBytes: setting(
    positive,
    64 * 1024 * 1024,
    '--max-batch-bytes <n>',
    'largest size to which one compressed record batch may expand when it is read',
  ),
  queueRecords: setting(positive, 1_000, '--queue-records <n>', 'queued records per agent and partition at which the partition pauses'),
  queueBytes: setting(
    positive,
    16 * 1024 * 1024,
    '--queue-bytes <n>',
    'queued bytes per agent and partition at which the partition pauses',
  ),
  onOffsetOutOfRange: setting(
    choice(['stop', 'earliest', 'latest']),
    'stop',
    '--on-offset-out-of-range <what>',
    'what to do when the committed offset is outside the log: stop, or continue at the earliest or latest record',
  ),
  onOffsetsMoved: setting(
    choice(['stop', 'keepState']),
    'stop',
    '--on-offsets-moved <what>',
    'what to do when offsets and tables do not belong together, since something else moved the offsets: stop, or continue with the tables as they are',
  ),
  onUnreadable: setting(
    choice(['stop', 'skip']),
    'stop',
    '--on-unreadable <what>',
    'what to do at a record batch that cannot be read: stop, or skip it with a dead letter',
  ),
  stallWarningMs: setting(
    milliseconds(100),
    60_000,
    '--stall-warning-ms <ms>',
    'time without progress after which an unfinished event is reported with its stage',
  ),
} as const;

export type Settings = { readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never };
export type SettingName = keyof Settings;
/** Settings as they are given: a value, or its text. */
export type SettingsInput = { readonly [K in SettingName]?: Settings[K] | string | number | boolean | undefined };

export const settingNames = Object.keys(settings) as SettingName[];

/** Returns true for the name of a setting. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}
