import { beforeAll, expect, it } from 'vitest';
import type { Api } from '../../src/wire/api.ts';
import * as admin from '../../src/wire/apis/admin.ts';
import * as config from '../../src/wire/apis/config.ts';
import * as data from '../../src/wire/apis/data.ts';
import * as group from '../../src/wire/apis/group.ts';
import * as security from '../../src/wire/apis/security.ts';
import * as transaction from '../../src/wire/apis/transaction.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import type { Draft, Fields } from '../../src/wire/field.ts';
import { createTopic, unique } from '../helpers/broker.ts';
import { batch, errorCodes, frame, Wire } from '../helpers/wire.ts';
import { Script } from './scenarios/script.ts';

/**
 * Every request in every version that the embedded broker serves, on whichever broker runs: each answer must be
 * understood to its last byte by the same tables, and carry the error expected. So the tables are checked by Kafka.
 */
interface Case {
  readonly api: Api;
  readonly request: (topic: string, group: string) => object;
  /** Error code that every answer carries, wherever an `errorCode` stands in it. @default 0 */
  readonly error?: number;
}

function ask<Q extends Fields, S extends Fields>(
  api: Api<Q, S>,
  request: (topic: string, group: string) => Draft<Q>,
  error: number = ErrorCode.NONE,
): Case {
  return { api: api as unknown as Api, request: request as Case['request'], error };
}

const member = (groupId: string) => ({ groupId, generationId: 1, memberId: 'nobody', groupInstanceId: null });
const aclFilter = { resourceType: 2, resourceName: 'x', patternType: 3, principal: null, host: null, operation: 1, permission: 1 };
const acl = { resourceType: 2, resourceName: 'x', patternType: 3, principal: 'User:x', host: '*', operation: 3, permission: 3 };

const stranger = { transactionalId: 'nobody', producerId: 1_000_000_000, producerEpoch: 0 };

const CASES: readonly Case[] = [
  ask(data.produce, (name) => ({
    transactionalId: null,
    acks: -1,
    timeoutMs: 1000,
    topics: [{ name, partitions: [{ index: 0, records: [batch()] }] }],
  })),
  ask(data.fetch, (name) => ({
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    isolationLevel: 1,
    topics: [{ name, partitions: [{ index: 0, fetchOffset: 0, maxBytes: 1000 }] }],
  })),
  ask(data.listOffsets, (name) => ({ replicaId: -1, topics: [{ name, partitions: [{ index: 0, timestamp: -1 }] }] })),
  ask(data.deleteRecords, (name) => ({ topics: [{ name, partitions: [{ index: 0, offset: 0 }] }], timeoutMs: 1000 })),
  ask(transaction.initProducerId, () => ({ transactionalId: null, transactionTimeoutMs: 1000 })),
  ask(data.offsetForLeaderEpoch, (name) => ({
    replicaId: -1,
    topics: [{ name, partitions: [{ index: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
  })),
  ask(
    transaction.addPartitionsToTxn,
    (name) => ({ ...stranger, topics: [{ name, partitions: [0] }] }),
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ),
  ask(transaction.addOffsetsToTxn, (_name, groupId) => ({ ...stranger, groupId }), ErrorCode.INVALID_PRODUCER_ID_MAPPING),
  ask(transaction.endTxn, () => ({ ...stranger, isCommitted: true }), ErrorCode.INVALID_PRODUCER_ID_MAPPING),
  ask(
    transaction.txnOffsetCommit,
    (name, groupId) => ({ ...stranger, groupId, topics: [{ name, partitions: [{ index: 0, offset: 3, metadata: 'x' }] }] }),
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ),
  ask(transaction.describeProducers, (name) => ({ topics: [{ name, partitions: [0] }] })),
  ask(transaction.describeTransactions, () => ({ transactionalIds: ['nobody'] }), ErrorCode.TRANSACTIONAL_ID_NOT_FOUND),
  ask(transaction.listTransactions, () => ({ states: ['Ongoing'], producerIds: [] })),
  ask(admin.metadata, (name) => ({ topics: [{ name }], allowAutoTopicCreation: true })),
  ask(admin.apiVersions, () => ({ clientSoftwareName: 'wire', clientSoftwareVersion: '1' })),
  ask(admin.describeCluster, () => ({ includeAuthorizedOperations: false })),
  ask(admin.createTopics, () => ({
    topics: [
      {
        name: unique('version'),
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [{ name: 'retention.ms', value: '1000000' }],
      },
    ],
    timeoutMs: 5000,
    validateOnly: false,
  })),
  ask(admin.deleteTopics, () => ({ names: [unique('absent')], timeoutMs: 5000 }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
  ask(
    admin.createPartitions,
    (name) => ({ topics: [{ name, count: 1, assignments: null }], timeoutMs: 5000, validateOnly: true }),
    ErrorCode.INVALID_PARTITIONS,
  ),
  ask(config.describeConfigs, (name) => ({
    resources: [{ type: 2, name, keys: null }],
    includeSynonyms: true,
    includeDocumentation: false,
  })),
  ask(config.alterConfigs, (name) => ({
    resources: [{ type: 2, name, configs: [{ name: 'retention.ms', value: '5000000' }] }],
    validateOnly: true,
  })),
  ask(config.incrementalAlterConfigs, (name) => ({
    resources: [{ type: 2, name, configs: [{ name: 'cleanup.policy', operation: 2, value: 'compact' }] }],
    validateOnly: false,
  })),
  ask(group.offsetCommit, (name, groupId) => ({
    groupId,
    generationId: -1,
    memberId: '',
    topics: [{ name, partitions: [{ index: 0, offset: 3, metadata: 'x' }] }],
  })),
  ask(group.offsetFetch, (name, groupId) => ({
    groupId,
    topics: [{ name, partitions: [0] }],
    groups: [{ groupId, topics: [{ name, partitions: [0] }] }],
  })),
  ask(group.findCoordinator, (_name, key) => ({ key, keyType: 0, keys: [key] })),
  ask(
    group.joinGroup,
    (_name, groupId) => ({
      ...member(groupId),
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('m') }],
    }),
    ErrorCode.UNKNOWN_MEMBER_ID,
  ),
  ask(
    group.syncGroup,
    (_name, groupId) => ({
      ...member(groupId),
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId: 'nobody', assignment: Buffer.from('a') }],
    }),
    ErrorCode.UNKNOWN_MEMBER_ID,
  ),
  ask(group.heartbeat, (_name, groupId) => member(groupId), ErrorCode.UNKNOWN_MEMBER_ID),
  ask(
    group.leaveGroup,
    (_name, groupId) => ({ groupId, memberId: 'nobody', members: [{ memberId: 'nobody', groupInstanceId: null }] }),
    ErrorCode.UNKNOWN_MEMBER_ID,
  ),
  ask(group.describeGroups, (_name, groupId) => ({ groups: [groupId], includeAuthorizedOperations: false })),
  ask(group.listGroups, () => ({ states: [] })),
  ask(group.deleteGroups, () => ({ groups: [unique('absent')] }), ErrorCode.GROUP_ID_NOT_FOUND),
  ask(security.describeAcls, () => aclFilter, ErrorCode.SECURITY_DISABLED),
  ask(security.createAcls, () => ({ creations: [acl] }), ErrorCode.SECURITY_DISABLED),
  ask(security.deleteAcls, () => ({ filters: [aclFilter] }), ErrorCode.SECURITY_DISABLED),
];

const versionsOf = ({ api }: Case) => Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, i) => api.versions[0] + i);
/** Topics by id, which each run chooses: `admin.test.ts` asks for them. */
const isById = ({ api }: Case, version: number) => api.key === data.fetch.key && version >= 13;
const everyVersion = CASES.flatMap((one) =>
  versionsOf(one)
    .filter((version) => !isById(one, version))
    .map((version) => ({ name: one.api.name, version, one })),
);

/** A new Kafka makes the topic of its transactions, and fetches producer ids, when it is first asked for them. */
beforeAll(async () => {
  const script = new Script();
  const transactionalIds = Array.from({ length: 50 }, () => unique('transaction'));
  const wire = await script.toTransactions(transactionalIds[0]!);
  await script.askUntil(wire, 'ready', transaction.describeTransactions, 0, () => ({ transactionalIds }), []);
  await script.askUntil(wire, 'ids', transaction.initProducerId, 1, () => ({ transactionalId: null, transactionTimeoutMs: 1_000 }), []);
  script.close();
});

it.each(everyVersion)('$name version $version', async ({ version, one }) => {
  const [topic, groupId] = [await createTopic('versions'), unique('versions')];
  // Made known first, so that calls about it are calls about a group without members.
  const coordinator = await Wire.toCoordinator(groupId);
  await coordinator.send(group.offsetCommit, 5, {
    groupId,
    generationId: -1,
    memberId: '',
    topics: [{ name: topic, partitions: [{ index: 0, offset: 3, metadata: 'x' }] }],
  });
  const isGroupCall = Object.values<Api>(group as unknown as Record<string, Api>).includes(one.api);
  const wire = isGroupCall ? coordinator : await Wire.toLeader(topic);
  const answer = await wire.send(one.api, version, one.request(topic, groupId) as never);
  expect(new Set(errorCodes(answer))).toEqual(new Set(hasTopLevelError(one, version) ? [one.error, 0] : [one.error]));
  coordinator.close();
  wire.close();
});

it('ApiVersions in a version from the future is answered in version 0 with UNSUPPORTED_VERSION and what there is', async () => {
  const wire = await Wire.connect();
  const request = frame(admin.apiVersions, 3, 9, { clientSoftwareName: 'wire', clientSoftwareVersion: '1' });
  request.writeInt16BE(99, 6);
  wire.write(request);
  const answer = await wire.answer();
  expect(answer.readInt32BE(0)).toBe(9);
  expect(answer.readInt16BE(4)).toBe(ErrorCode.UNSUPPORTED_VERSION);
  const count = answer.readInt32BE(6);
  const keys = Array.from({ length: count }, (_, i) => answer.readInt16BE(10 + i * 6));
  expect(keys).toContain(admin.apiVersions.key);
  wire.close();
});

/** LeaveGroup tells of each member since version 3, beside a whole that went well. */
function hasTopLevelError({ api }: Case, version: number): boolean {
  return api.key === group.leaveGroup.key && version >= 3;
}
