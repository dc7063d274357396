import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { KafkaError } from '../../src/errors.ts';
import { codeError, codeOf, toKafkaError } from '../../src/kafka/kafkajs/errors.ts';
import { commitError } from '../../src/kafka/kafkajs/group.ts';
import { assertVersion } from '../../src/kafka/kafkajs/library.ts';

const load = createRequire(import.meta.url);
const errors = load('kafkajs/src/errors') as Record<string, new (...args: unknown[]) => Error>;
const { createErrorFromCode, errorCodes } = load('kafkajs/src/protocol/error') as {
  createErrorFromCode(code: number): Error;
  errorCodes: Array<{ type: string; code: number; retriable: boolean }>;
};
const byName = (name: string): Error => createErrorFromCode(errorCodes.find(({ type }) => type === name)?.code ?? Number.NaN);
const make = (name: string, ...args: unknown[]): Error => new (errors[name] as new (...args: unknown[]) => Error)(...args);

describe('errors of kafkajs', () => {
  it.each([
    ['ILLEGAL_GENERATION', 'stale'],
    ['UNKNOWN_MEMBER_ID', 'stale'],
    ['REBALANCE_IN_PROGRESS', 'stale'],
    ['INVALID_PRODUCER_EPOCH', 'stale'],
    ['MESSAGE_TOO_LARGE', 'refused'],
    ['INVALID_RECORD', 'refused'],
    ['INVALID_TIMESTAMP', 'refused'],
    ['TOPIC_AUTHORIZATION_FAILED', 'refused'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'refused'],
    ['GROUP_AUTHORIZATION_FAILED', 'fatal'],
    ['SASL_AUTHENTICATION_FAILED', 'fatal'],
    ['UNSUPPORTED_VERSION', 'fatal'],
    ['NOT_LEADER_FOR_PARTITION', 'retry'],
    ['GROUP_LOAD_IN_PROGRESS', 'retry'],
    ['NOT_ENOUGH_REPLICAS', 'retry'],
  ])('%s is %s, also behind a retry wrapper', (name, reason) => {
    for (const error of [byName(name), make('KafkaJSNonRetriableError', byName(name), { cause: byName(name) })]) {
      const mapped = toKafkaError(error, 'doing');
      expect(mapped).toBeInstanceOf(KafkaError);
      expect([mapped.reason, mapped.kafkaCode]).toEqual([reason, name]);
      expect(mapped.message).toContain(name);
      expect(mapped.cause).toBe(error);
    }
  });

  it('finds the code under KafkaJSNumberOfRetriesExceeded, whose own type is undefined', () => {
    const error = make('KafkaJSNumberOfRetriesExceeded', byName('GROUP_AUTHORIZATION_FAILED'), { retryCount: 5, retryTime: 1 });
    expect((error as { type?: string }).type).toBeUndefined();
    expect(toKafkaError(error, 'doing')).toMatchObject({ reason: 'fatal', kafkaCode: 'GROUP_AUTHORIZATION_FAILED' });
  });

  it('finds the code in an aggregate and in a delete-groups error', () => {
    const aggregate = make('KafkaJSAggregateError', 'several', [
      make('KafkaJSCreateTopicError', byName('INVALID_REPLICATION_FACTOR'), 't'),
    ]);
    expect(codeOf(aggregate)).toBe('INVALID_REPLICATION_FACTOR');
    const groups = make('KafkaJSDeleteGroupsError', 'no', [{ groupId: 'g', error: byName('NON_EMPTY_GROUP') }]);
    expect(toKafkaError(groups, 'deleting')).toMatchObject({ reason: 'refused', kafkaCode: 'NON_EMPTY_GROUP' });
  });

  it.each([
    ['KafkaJSConnectionError', 'retry'],
    ['KafkaJSConnectionClosedError', 'retry'],
    ['KafkaJSRequestTimeoutError', 'retry'],
    ['KafkaJSBrokerNotFound', 'retry'],
    ['KafkaJSLockTimeout', 'retry'],
    ['KafkaJSGroupCoordinatorNotFound', 'retry'],
    ['KafkaJSSASLAuthenticationError', 'fatal'],
    ['KafkaJSNotImplemented', 'fatal'],
    ['KafkaJSServerDoesNotSupportApiKey', 'fatal'],
  ])('%s without a code is %s', (name, reason) => {
    expect(toKafkaError(make(name, 'broken', {}), 'doing')).toMatchObject({ reason, kafkaCode: undefined });
  });

  it('takes a certificate that does not fit as fatal, a refused connection as retry', () => {
    const tls = make('KafkaJSConnectionError', 'bad certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(toKafkaError(tls, 'connecting')).toMatchObject({ reason: 'fatal', next: expect.stringContaining('--ssl-ca FILE') });
    const name = make('KafkaJSConnectionError', 'wrong name', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(toKafkaError(name, 'connecting')).toMatchObject({ reason: 'fatal', next: expect.stringContaining('its names and dates') });
    const refused = make('KafkaJSConnectionError', 'refused', { code: 'ECONNREFUSED' });
    expect(toKafkaError(refused, 'connecting')).toMatchObject({ reason: 'retry', retryable: true });
  });

  it('names codes that kafkajs does not know', () => {
    expect(codeOf(createErrorFromCode(90))).toBe('PRODUCER_FENCED');
    expect(toKafkaError(createErrorFromCode(90), 'sending').reason).toBe('stale');
    expect(codeOf(createErrorFromCode(119))).toBe('INVALID_REGISTRATION');
    expect(codeOf(createErrorFromCode(999))).toBe('ERROR_999');
  });

  it('reads what is no error at all, and leaves its own errors alone', () => {
    expect(toKafkaError(undefined, 'doing').message).toBe('doing: undefined');
    expect(toKafkaError(new TypeError('no'), 'doing').reason).toBe('refused');
    const own = new KafkaError('stale', 'mine');
    expect(toKafkaError(own, 'doing')).toBe(own);
  });

  it('gives the place and the advice', () => {
    const error = codeError('MESSAGE_TOO_LARGE', 'writing', { topic: 't', partition: 3 });
    expect(error.place).toMatchObject({ topic: 't', partition: 3 });
    expect(error.next).toMatch(/max\.message\.bytes/);
  });
});

describe('errors of a commit', () => {
  it.each([
    ['ILLEGAL_GENERATION', 'stale'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'retry'],
    ['OFFSET_METADATA_TOO_LARGE', 'fatal'],
    ['TOPIC_AUTHORIZATION_FAILED', 'fatal'],
    ['GROUP_COORDINATOR_NOT_AVAILABLE', 'retry'],
  ])('%s is %s', (name, reason) => {
    expect(commitError(byName(name), 'g')).toMatchObject({ reason, kafkaCode: name });
  });
});

describe('the pinned version', () => {
  it('is the one that is installed, and no other is accepted', () => {
    expect(() => assertVersion((load('kafkajs/package.json') as { version: string }).version)).not.toThrow();
    expect(() => assertVersion('2.2.5')).toThrow(/kafkajs 2\.2\.5 is installed.*exactly 2\.2\.4/);
  });
});
