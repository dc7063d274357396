import { beforeAll, expect, test } from 'vitest';
import type { Api } from '../../src/wire/api.ts';
import { createPartitions, createTopics, metadata } from '../../src/wire/apis/admin.ts';
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from '../../src/wire/apis/config.ts';
import { deleteRecords, listOffsets, produce } from '../../src/wire/apis/data.ts';
import * as group from '../../src/wire/apis/group.ts';
import { ErrorCode, type ErrorName } from '../../src/wire/error-code.ts';
import type { Draft, Fields } from '../../src/wire/field.ts';
import { createTopic, unique } from '../helpers/broker.ts';
import { batch, errorCodes, Wire } from '../helpers/wire.ts';

/** Requests at the edges, and the error codes that their answers carry, in the order in which they stand there. */
type Row = [name: string, api: Api, version: number, request: () => object, errors: readonly ErrorName[]];

let topic: string;
beforeAll(async () => {
  topic = await createTopic('refusals', { partitions: 2 });
});

function row<Q extends Fields, S extends Fields>(
  name: string,
  api: Api<Q, S>,
  version: number,
  request: () => Draft<Q>,
  ...errors: ErrorName[]
): Row {
  return [name, api as unknown as Api, version, request, errors];
}

const absent = unique('absent');
const member = (groupId: string) => ({ groupId, generationId: 1, memberId: 'x', groupInstanceId: null });
const joining = (more: object) => ({
  groupId: absent,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  ...more,
});
const committing = (groupId: string) => ({
  groupId,
  generationId: -1,
  memberId: '',
  topics: [{ name: topic, partitions: [{ index: 0, offset: 1, metadata: '' }] }],
});
const leaving = { memberId: 'x', groupInstanceId: null };
const writing = (records: readonly Buffer[]) => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 1000,
  topics: [{ name: topic, partitions: [{ index: 0, records }] }],
});
const making = (more: object, copies = 1) => ({
  topics: Array.from({ length: copies }, () => ({
    name: absent,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
    ...more,
  })),
  timeoutMs: 5000,
  validateOnly: true,
});
const set = (configs: Readonly<Record<string, string>>) => ({ configs: Object.entries(configs).map(([name, value]) => ({ name, value })) });
const assigned = (index: number, broker: number) => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: [{ index, brokerIds: [broker] }],
});
const growing = (count: number, more: object = {}) => ({
  topics: [{ name: topic, count, assignments: null, ...more }],
  timeoutMs: 5000,
  validateOnly: true,
});
const changing = (name: string, operation: number, value: string | null, more: object = {}) => ({
  resources: [{ type: 2, name: topic, configs: [{ name, operation, value }], ...more }],
  validateOnly: true,
});
const describing = (type: number, name: string) => ({ resources: [{ type, name, keys: null }], includeSynonyms: false });
const listing = (index: number, timestamp: number, currentLeaderEpoch = -1) => ({
  replicaId: -1,
  topics: [{ name: topic, partitions: [{ index, timestamp, currentLeaderEpoch }] }],
});

test.each<Row>([
  row(
    'a member leaves a group that is not there',
    group.leaveGroup,
    3,
    () => ({ groupId: absent, members: [leaving] }),
    'NONE',
    'UNKNOWN_MEMBER_ID',
  ),
  row('the same in an old version', group.leaveGroup, 0, () => ({ groupId: absent, memberId: 'x' }), 'UNKNOWN_MEMBER_ID'),
  row('a heartbeat without a group', group.heartbeat, 3, () => member(''), 'INVALID_GROUP_ID'),
  row('a join without a group', group.joinGroup, 5, () => joining({ groupId: '' }), 'INVALID_GROUP_ID'),
  row('a join without protocols', group.joinGroup, 5, () => joining({ protocols: [] }), 'INCONSISTENT_GROUP_PROTOCOL'),
  row('a join without a protocol type', group.joinGroup, 5, () => joining({ protocolType: '' }), 'INCONSISTENT_GROUP_PROTOCOL'),
  row('a join with an id that nobody gave', group.joinGroup, 5, () => joining({ memberId: 'made up' }), 'UNKNOWN_MEMBER_ID'),
  row('a commit under the empty group', group.offsetCommit, 7, () => committing(''), 'NONE'),
  row('a coordinator of a type that is not there', group.findCoordinator, 2, () => ({ key: absent, keyType: 9 }), 'INVALID_REQUEST'),
  row('a group that is not there is deleted', group.deleteGroups, 1, () => ({ groups: [unique('never')] }), 'GROUP_ID_NOT_FOUND'),
  row('offsets of a partition that is not there', listOffsets, 5, () => listing(9, -1), 'UNKNOWN_TOPIC_OR_PARTITION'),
  row('offsets under a leader epoch to come', listOffsets, 5, () => listing(0, -1, 5), 'UNKNOWN_LEADER_EPOCH'),
  row('the newest time asked for by an old client', listOffsets, 6, () => listing(0, -3), 'UNSUPPORTED_VERSION'),
  row('offsets of a kind that is not there', listOffsets, 7, () => listing(0, -9), 'UNSUPPORTED_VERSION'),
  row(
    'records deleted up to a negative offset',
    deleteRecords,
    1,
    () => ({ topics: [{ name: topic, partitions: [{ index: 0, offset: -2 }] }], timeoutMs: 1000 }),
    'OFFSET_OUT_OF_RANGE',
  ),
  row('no bytes for records', produce, 7, () => writing([Buffer.alloc(0)]), 'INVALID_RECORD'),
  row('ten bytes for records', produce, 7, () => writing([Buffer.alloc(10)]), 'INVALID_RECORD'),
  row('noise for records', produce, 7, () => writing([Buffer.alloc(100, 1)]), 'INVALID_RECORD'),
  row('a batch without records', produce, 7, () => writing([batch({ values: [], recordCount: 0, lastOffsetDelta: 0 })]), 'INVALID_RECORD'),
  row('zstd from an old client', produce, 6, () => writing([batch({ attributes: 4 })]), 'UNSUPPORTED_COMPRESSION_TYPE'),
  row('a topic made twice in one request', createTopics, 3, () => making({}, 2), 'INVALID_REQUEST'),
  row('a topic that is there already', createTopics, 3, () => making({ name: topic }), 'TOPIC_ALREADY_EXISTS'),
  row('a topic without replicas', createTopics, 3, () => making({ replicationFactor: 0 }), 'INVALID_REPLICATION_FACTOR'),
  row('a topic of -2 partitions', createTopics, 3, () => making({ numPartitions: -2 }), 'INVALID_PARTITIONS'),
  row('a topic assigned to a broker that is not there', createTopics, 3, () => making(assigned(0, 77)), 'INVALID_REPLICA_ASSIGNMENT'),
  row(
    'a topic assigned, with a number of partitions too',
    createTopics,
    3,
    () => making({ ...assigned(0, 1), numPartitions: 1 }),
    'INVALID_REQUEST',
  ),
  row(
    'a setting of null at creation',
    createTopics,
    3,
    () => making({ configs: [{ name: 'retention.ms', value: null }] }),
    'INVALID_CONFIG',
  ),
  row(
    'a broker assigned twice',
    createTopics,
    3,
    () => making({ ...assigned(0, 1), assignments: [{ index: 0, brokerIds: [1, 1] }] }),
    'INVALID_REPLICA_ASSIGNMENT',
  ),
  row(
    'a partition assigned to nobody',
    createTopics,
    3,
    () => making({ ...assigned(0, 1), assignments: [{ index: 0, brokerIds: [] }] }),
    'INVALID_REPLICA_ASSIGNMENT',
  ),
  row('a number beyond 64 bits', createTopics, 3, () => making(set({ 'retention.ms': '9223372036854775808' })), 'INVALID_CONFIG'),
  row('the greatest number of 64 bits', createTopics, 3, () => making(set({ 'retention.ms': '9223372036854775807' })), 'NONE'),
  row('no clean-up at all', createTopics, 3, () => making(set({ 'cleanup.policy': '' })), 'NONE'),
  row(
    'lags that contradict each other',
    createTopics,
    3,
    () => making(set({ 'min.compaction.lag.ms': '9', 'max.compaction.lag.ms': '8' })),
    'INVALID_CONFIG',
  ),
  row('no partitions instead of two', createPartitions, 1, () => growing(0), 'INVALID_PARTITIONS'),
  row('partitions of a topic that is not there', createPartitions, 1, () => growing(3, { name: absent }), 'UNKNOWN_TOPIC_OR_PARTITION'),
  row(
    'one partition assigned twice',
    createPartitions,
    1,
    () => growing(3, { assignments: [{ brokerIds: [1] }, { brokerIds: [1] }] }),
    'INVALID_REPLICA_ASSIGNMENT',
  ),
  row(
    'a partition on a broker that is not there',
    createPartitions,
    1,
    () => growing(3, { assignments: [{ brokerIds: [77] }] }),
    'INVALID_REPLICA_ASSIGNMENT',
  ),
  row('a setting that is not there', incrementalAlterConfigs, 0, () => changing('no.such', 0, '1'), 'INVALID_CONFIG'),
  row('a setting of null', incrementalAlterConfigs, 0, () => changing('retention.ms', 0, null), 'INVALID_REQUEST'),
  row('an item added to what is no list', incrementalAlterConfigs, 0, () => changing('retention.ms', 2, '1'), 'INVALID_CONFIG'),
  row('settings of all topics', incrementalAlterConfigs, 0, () => changing('retention.ms', 0, '1', { name: '' }), 'INVALID_REQUEST'),
  row(
    'settings of a topic that is not there',
    incrementalAlterConfigs,
    0,
    () => changing('retention.ms', 0, '1', { name: absent }),
    'UNKNOWN_TOPIC_OR_PARTITION',
  ),
  row('the last item of a list taken away', incrementalAlterConfigs, 0, () => changing('cleanup.policy', 3, 'delete'), 'NONE'),
  row(
    'a setting changed twice',
    incrementalAlterConfigs,
    0,
    () => changing('', 0, '', { configs: [1, 2].map((n) => ({ name: 'retention.ms', operation: 0, value: `${n}` })) }),
    'INVALID_REQUEST',
  ),
  row(
    'a topic changed twice',
    incrementalAlterConfigs,
    0,
    () => {
      const { resources } = changing('retention.ms', 0, '1');
      return { resources: [...resources, ...resources], validateOnly: true };
    },
    'INVALID_REQUEST',
    'INVALID_REQUEST',
  ),
  row('a setting taken back', incrementalAlterConfigs, 0, () => changing('retention.ms', 1, null), 'NONE'),
  row(
    'a setting replaced by null',
    alterConfigs,
    1,
    () => ({ resources: [{ type: 2, name: topic, configs: [{ name: 'retention.ms', value: null }] }], validateOnly: true }),
    'INVALID_REQUEST',
  ),
  row('a broker that is not there is described', describeConfigs, 2, () => describing(4, '77'), 'INVALID_REQUEST'),
  row('a topic with an impossible name is described', describeConfigs, 2, () => describing(2, 'a b'), 'INVALID_TOPIC_EXCEPTION'),
  row('a resource of a type that is not there is described', describeConfigs, 2, () => describing(99, 'x'), 'INVALID_REQUEST'),
  row('metadata of a topic with an impossible name', metadata, 5, () => ({ topics: [{ name: 'a b' }] }), 'INVALID_TOPIC_EXCEPTION'),
])('%s', async (_name, api, version, request, errors) => {
  const wire = await (api === produce || api === listOffsets || api === deleteRecords ? Wire.toLeader(topic) : coordinatorOf(api));
  const answer = await wire.send(api, version, request() as never);
  expect(errorCodes(answer)).toEqual(errors.map((name) => ErrorCode[name]));
  wire.close();
});

/** Group requests go to the coordinator of `absent`, whose refusals come before any look at where it is coordinated. */
function coordinatorOf(api: Api): Promise<Wire> {
  return Object.values<unknown>(group).includes(api) ? Wire.toCoordinator(absent) : Wire.connect();
}
