import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadata } from '../../src/wire/apis/admin.ts';
import { fetch } from '../../src/wire/apis/data.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import { client, createTopic, unique, waitForLeaders } from '../helpers/broker.ts';
import { Wire } from '../helpers/wire.ts';

let admin: Admin;

beforeAll(async () => {
  admin = client().admin();
  await admin.connect();
});
afterAll(() => admin.disconnect());

it('the controller is one of the nodes that are listed', async () => {
  const { brokers, controller } = await admin.describeCluster();
  expect(brokers.map(({ nodeId }) => nodeId)).toContain(controller);
});

describe('topic ids', () => {
  const ask = async (version: number, topics: Array<{ topicId?: string; name: string | null }>) => {
    const wire = await Wire.connect();
    const answer = await wire.send(metadata, version, { topics, allowAutoTopicCreation: false });
    wire.close();
    return answer.topics.map(({ name, topicId, errorCode, partitions }) => ({ name, topicId, errorCode, partitions: partitions.length }));
  };

  it.each([10, 11, 12])('come with the metadata of version %i', async (version) => {
    const topic = await createTopic('id', { partitions: 2 });
    const [first] = await ask(version, [{ name: topic }]);
    expect(first).toMatchObject({ name: topic, errorCode: ErrorCode.NONE, partitions: 2 });
    expect(first?.topicId).toMatch(/^[\w-]{22}$/);
    expect(await ask(version, [{ name: topic }])).toEqual([first]);
  });

  it('are asked for from version 12 on; one that is not known is said so', async () => {
    const topic = await createTopic('id');
    const topicId = (await ask(12, [{ name: topic }]))[0]?.topicId ?? '';
    expect(await ask(12, [{ topicId, name: null }])).toMatchObject([{ name: topic, topicId, errorCode: ErrorCode.NONE }]);
    const unknown = 'AAAAAAAAAAAAAAAAAAAAAg';
    const nothing = { topicId: unknown, errorCode: ErrorCode.UNKNOWN_TOPIC_ID, partitions: 0 };
    expect(await ask(12, [{ topicId: unknown, name: null }])).toMatchObject([nothing]);
  });
});

it('topics are fetched by their ids from version 13 on; one that is not known is said so', async () => {
  const topic = await createTopic('id');
  const wire = await Wire.toLeader(topic);
  const { topics } = await wire.send(metadata, 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
  const topicId = topics[0]?.topicId ?? '';
  const unknown = 'AAAAAAAAAAAAAAAAAAAAAg';
  const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 1000 }];
  const wanted = [topicId, unknown].map((each) => ({ topicId: each, partitions }));
  const answer = await wire.send(fetch, 13, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    isolationLevel: 1,
    topics: wanted,
  });
  wire.close();
  const found = answer.topics.map((each) => [each.topicId, each.partitions[0]?.errorCode]);
  expect(Object.fromEntries(found)).toEqual({ [topicId]: ErrorCode.NONE, [unknown]: ErrorCode.UNKNOWN_TOPIC_ID });
});

describe('topics', () => {
  it('are made, listed, described with a listed leader for each partition, and deleted', async () => {
    const topic = unique('made');
    expect(await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 3 }] })).toBe(true);
    await waitForLeaders(admin, topic, 3);
    expect(await admin.listTopics()).toContain(topic);
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { brokers } = await admin.describeCluster();
    expect(topics[0]?.partitions.map(({ partitionId }) => partitionId).sort()).toEqual([0, 1, 2]);
    for (const { leader, isr } of topics[0]?.partitions ?? []) {
      expect(brokers.map(({ nodeId }) => nodeId)).toContain(leader);
      expect(isr).toContain(leader);
    }
    await admin.deleteTopics({ topics: [topic] });
    await expect.poll(() => admin.listTopics()).not.toContain(topic);
  });

  it('made twice: the second time nothing is made', async () => {
    const topic = await createTopic('twice');
    expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false);
  });

  it.each(['', '..', 'with space', 'a/b', 'x'.repeat(250)])('with the name %j are refused', async (topic) => {
    await expect(admin.createTopics({ topics: [{ topic }] })).rejects.toMatchObject({ errors: [{ type: 'INVALID_TOPIC_EXCEPTION' }] });
  });

  it('with a name that differs from another in . and _ alone are refused', async () => {
    const topic = await createTopic('with.dot');
    const other = topic.replace('.', '_');
    await expect(admin.createTopics({ topics: [{ topic: other }] })).rejects.toMatchObject({
      errors: [{ type: 'INVALID_TOPIC_EXCEPTION' }],
    });
  });

  it('with no partitions are refused', async () => {
    const making = admin.createTopics({ topics: [{ topic: unique('none'), numPartitions: 0 }] });
    await expect(making).rejects.toMatchObject({ errors: [{ type: 'INVALID_PARTITIONS' }] });
  });

  it('with an unknown setting or a wrong value are refused', async () => {
    const make = (name: string, value: string) =>
      admin.createTopics({ topics: [{ topic: unique('config'), configEntries: [{ name, value }] }] });
    await expect(make('no.such.setting', '1')).rejects.toMatchObject({ errors: [{ type: 'INVALID_CONFIG' }] });
    await expect(make('retention.ms', 'soon')).rejects.toMatchObject({ errors: [{ type: 'INVALID_CONFIG' }] });
  });

  it('are only checked, not made, with validateOnly', async () => {
    const topic = unique('checked');
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic }] });
    expect(await admin.listTopics()).not.toContain(topic);
  });

  it('that are not there cannot be deleted', async () => {
    await expect(admin.deleteTopics({ topics: [unique('absent')] })).rejects.toMatchObject({
      cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
    });
  });

  it('made anew under the same name are empty', async () => {
    const topic = await createTopic('anew');
    const producer = client().producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'old' }] });
    await producer.disconnect();
    await admin.deleteTopics({ topics: [topic] });
    await expect.poll(() => admin.createTopics({ waitForLeaders: false, topics: [{ topic }] }).catch(() => false)).toBe(true);
    await expect.poll(() => admin.fetchTopicOffsets(topic).catch(() => [])).toMatchObject([{ partition: 0, high: '0' }]);
  });
});

describe('partitions', () => {
  it('are added', async () => {
    const topic = await createTopic('grown', { partitions: 2 });
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
    await expect.poll(async () => (await admin.fetchTopicOffsets(topic)).length).toBe(5);
  });

  it('are never taken away', async () => {
    const topic = await createTopic('shrunk', { partitions: 2 });
    await expect(admin.createPartitions({ topicPartitions: [{ topic, count: 1 }] })).rejects.toMatchObject({ type: 'INVALID_PARTITIONS' });
    await expect(admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })).rejects.toMatchObject({ type: 'INVALID_PARTITIONS' });
  });
});

describe('settings', () => {
  const describeTopic = async (name: string, configNames?: string[]) => {
    const resources = [{ type: ConfigResourceTypes.TOPIC, name, ...(configNames && { configNames }) }];
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
    return new Map(answer.resources[0]?.configEntries.map((entry) => [entry.configName, entry]));
  };

  it('given at creation are described, and the others have their defaults', async () => {
    const topic = await createTopic('settings', { configs: { 'cleanup.policy': 'compact', 'retention.ms': '86400000' } });
    const settings = await describeTopic(topic);
    expect(settings.get('cleanup.policy')?.configValue).toBe('compact');
    expect(settings.get('retention.ms')?.configValue).toBe('86400000');
    expect(settings.get('max.message.bytes')?.configValue).toBe('1048588');
    expect(settings.get('message.timestamp.type')?.configValue).toBe('CreateTime');
    expect(settings.size).toBeGreaterThan(20);
  });

  it('are described by name', async () => {
    const settings = await describeTopic(await createTopic('by-name'), ['retention.ms']);
    expect([...settings.keys()]).toEqual(['retention.ms']);
  });

  it('are replaced', async () => {
    const topic = await createTopic('altered', { configs: { 'retention.ms': '1000000' } });
    const alter = (name: string, value: string) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }],
      });
    await alter('max.message.bytes', '2000000');
    await expect.poll(async () => (await describeTopic(topic)).get('max.message.bytes')?.configValue).toBe('2000000');
    expect((await describeTopic(topic)).get('retention.ms')?.configValue).toBe('604800000');
    await expect(alter('max.message.bytes', 'many')).rejects.toMatchObject({
      type: expect.stringMatching(/INVALID_CONFIG|INVALID_REQUEST/),
    });
  });

  it('of a broker are described', async () => {
    const { controller } = await admin.describeCluster();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.BROKER, name: String(controller) }],
    });
    expect(resources[0]?.configEntries.map(({ configName }) => configName)).toContain('auto.create.topics.enable');
  });

  it('of a topic that is not there are refused', async () => {
    await expect(describeTopic(unique('absent'))).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });
});

it('access control lists are answered with an error, not with silence', async () => {
  const filter = {
    resourceType: 2,
    resourcePatternType: 3,
    resourceName: 'x',
    principal: 'User:x',
    host: '*',
    operation: 3,
    permissionType: 3,
  };
  await expect(admin.describeAcls(filter)).rejects.toMatchObject({ type: 'SECURITY_DISABLED' });
  await expect(admin.createAcls({ acl: [filter] })).rejects.toThrow();
  await expect(admin.deleteAcls({ filters: [filter] })).rejects.toThrow();
});
