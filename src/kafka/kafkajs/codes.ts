import type { KafkaReason } from '../../errors.ts';

export interface CodeRule {
  readonly reason: KafkaReason;
  /** What the reader should do next. */
  readonly next?: string;
}

const rows = (reason: KafkaReason, names: string, next?: string): Array<[string, CodeRule]> =>
  names.split(' ').map((name) => [name, next === undefined ? { reason } : { reason, next }]);

/**
 * Kafka's error names and what the runtime does about each; a name that is not here is tried again.
 * Of codes that were renamed kafkajs has the older names (`NOT_LEADER_FOR_PARTITION`), answers to our own requests the newer
 * ones (`NOT_LEADER_OR_FOLLOWER`); none of them is here. Meanings from the protocol's error table,
 * https://kafka.apache.org/protocol#protocol_error_codes
 */
export const CODES: ReadonlyMap<string, CodeRule> = new Map([
  ...rows('stale', 'ILLEGAL_GENERATION UNKNOWN_MEMBER_ID REBALANCE_IN_PROGRESS MEMBER_ID_REQUIRED'),
  ...rows('stale', 'FENCED_INSTANCE_ID INVALID_PRODUCER_EPOCH PRODUCER_FENCED INVALID_PRODUCER_ID_MAPPING'),
  ...rows('refused', 'MESSAGE_TOO_LARGE RECORD_LIST_TOO_LARGE', "Send less, or raise the topic's max.message.bytes."),
  ...rows('refused', 'INVALID_RECORD', 'A compacted topic takes no record without a key.'),
  ...rows('refused', 'INVALID_TIMESTAMP', 'Kafka 4 refuses timestamps more than an hour ahead of the broker.'),
  ...rows('refused', 'TOPIC_AUTHORIZATION_FAILED', 'Grant this user the right on the topic.'),
  ...rows('refused', 'UNKNOWN_TOPIC_OR_PARTITION', 'Create it with `streamer topics create -A <app>`, or add the partition.'),
  ...rows('refused', 'INVALID_TOPIC_EXCEPTION', "A topic's name is 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'."),
  ...rows('refused', 'OFFSET_METADATA_TOO_LARGE INVALID_COMMIT_OFFSET_SIZE', 'The broker takes 4,096 bytes by default.'),
  ...rows('refused', 'TOPIC_ALREADY_EXISTS INVALID_PARTITIONS INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT'),
  ...rows('refused', 'INVALID_CONFIG INVALID_REQUEST POLICY_VIOLATION UNSUPPORTED_FOR_MESSAGE_FORMAT INVALID_REQUIRED_ACKS'),
  ...rows('refused', 'NON_EMPTY_GROUP', "Stop the group's members first."),
  ...rows('refused', 'GROUP_ID_NOT_FOUND GROUP_SUBSCRIBED_TO_TOPIC TOPIC_DELETION_DISABLED UNSUPPORTED_COMPRESSION_TYPE'),
  ...rows('fatal', 'GROUP_AUTHORIZATION_FAILED', 'Grant this user the right to read the group.'),
  ...rows('fatal', 'CLUSTER_AUTHORIZATION_FAILED TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'Grant this user the right.'),
  ...rows('fatal', 'SASL_AUTHENTICATION_FAILED UNSUPPORTED_SASL_MECHANISM ILLEGAL_SASL_STATE', 'Check mechanism, user and password.'),
  ...rows(
    'fatal',
    'INCONSISTENT_GROUP_PROTOCOL',
    'Other software uses this group, or workers of the app that keep tables: choose another group id, or stop them.',
  ),
  ...rows(
    'fatal',
    'INVALID_SESSION_TIMEOUT',
    "Keep it between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms.",
  ),
  ...rows('fatal', 'INVALID_TXN_STATE INVALID_GROUP_ID GROUP_MAX_SIZE_REACHED UNSUPPORTED_VERSION SECURITY_DISABLED'),
]);

/** Errors of the client that come without a code of Kafka's. */
export const CLIENT_ERRORS: ReadonlyMap<string, CodeRule> = new Map([
  ...rows('fatal', 'KafkaJSSASLAuthenticationError', 'Check mechanism, user and password.'),
  ...rows('fatal', 'KafkaJSNotImplemented KafkaJSServerDoesNotSupportApiKey KafkaJSUnsupportedMagicByteInMessageSet'),
  ...rows(
    'retry',
    'KafkaJSConnectionError KafkaJSConnectionClosedError KafkaJSRequestTimeoutError KafkaJSBrokerNotFound',
    'It is tried again by itself. Is the broker running, and do the ssl and sasl settings fit its listener? `streamer broker` starts an embedded one; --brokers or KAFKA_BROKERS names another.',
  ),
  ...rows('refused', 'TypeError RangeError ReferenceError SyntaxError'),
]);

/** Codes of Node's TLS errors: no retry fixes a certificate. */
export const isTlsCode = (code: unknown): boolean =>
  typeof code === 'string' &&
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH|INVALID_CA)/.test(code);

const UNTRUSTED = /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED|INVALID_CA)/;

/** What to do about a TLS error. */
export function tlsRule(code: unknown): CodeRule {
  const next = UNTRUSTED.test(String(code))
    ? 'Name the authority that signed the certificate of the brokers: --ssl-ca FILE, STREAMER_SSL_CA or the setting sslCa.'
    : "Compare the brokers' certificate (its names and dates) and the settings ssl, sslCa, sslCert and sslKey.";
  return { reason: 'fatal', next };
}
