import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Broker, type BrokerOptions, type FaultOptions, startBroker } from '../../src/broker/index.ts';
import { createTopics, metadata } from '../../src/wire/apis/admin.ts';
import { fetch, listOffsets, produce } from '../../src/wire/apis/data.ts';
import { deleteGroups, findCoordinator, heartbeat, joinGroup } from '../../src/wire/apis/group.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import { everyVersion, sampleOf } from '../helpers/messages.ts';
import { batch, errorCodes, Wire } from '../helpers/wire.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: BrokerOptions = {}): Promise<Broker> {
  const broker = await startBroker(options);
  open.push(broker);
  return broker;
}

async function wireTo(broker: Broker): Promise<Wire> {
  const wire = await Wire.connect(broker.address);
  open.push(wire);
  return wire;
}

const make = (wire: Wire, name: string) =>
  wire.send(createTopics, 3, {
    topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  });
const send = (wire: Wire, name: string, acks = -1) =>
  wire.send(produce, 7, {
    transactionalId: null,
    acks,
    timeoutMs: 1000,
    topics: [{ name, partitions: [0, 1].map((index) => ({ index, records: [batch()] })) }],
  });
const endOffset = async (broker: Broker, topic: string) => (await broker.dump()).topics[topic]?.partitions[0]?.endOffset;

describe('a fault switch', () => {
  it('answers with an error as often as it is told, and nothing is carried out', async () => {
    const broker = await start();
    const wire = await wireTo(broker);
    await make(wire, 't');
    const fault = await broker.fault({ api: 'Produce', error: 'NOT_ENOUGH_REPLICAS', times: 2 });
    for (let i = 0; i < 2; i++) {
      const { topics } = await send(wire, 't');
      expect(topics).toMatchObject([
        { name: 't', partitions: [0, 1].map((index) => ({ index, errorCode: ErrorCode.NOT_ENOUGH_REPLICAS, baseOffset: -1 })) },
      ]);
    }
    expect(await endOffset(broker, 't')).toBe(0);
    expect(errorCodes(await send(wire, 't'))).toEqual([0, 0]);
    expect(await fault.hits()).toBe(2);
    expect(await endOffset(broker, 't')).toBe(1);
  });

  it('closes the connection before or after the request is carried out', async () => {
    const broker = await start();
    const wire = await wireTo(broker);
    await make(wire, 't');
    for (const [disconnect, end] of [
      [true, 0],
      ['before', 0],
      ['after', 1],
    ] as const) {
      await broker.fault({ api: 'Produce', disconnect });
      const struck = await wireTo(broker);
      await expect(send(struck, 't')).rejects.toThrow('closed the connection');
      expect(await endOffset(broker, 't')).toBe(end);
    }
  });

  it('closes the connection of who wants no answer, as Kafka tells a failure', async () => {
    const broker = await start();
    const wire = await wireTo(broker);
    await make(wire, 't');
    await broker.fault({ api: 'Produce', error: 'KAFKA_STORAGE_ERROR' });
    await expect(send(wire, 't', 0)).rejects.toThrow('closed the connection');
    expect(await endOffset(broker, 't')).toBe(0);
  });

  it('delays a request and those behind it, and no other connection', async () => {
    const broker = await start();
    const [slow, other] = [await wireTo(broker), await wireTo(broker)];
    await broker.fault({ api: 'Metadata', delayMs: 100 });
    const order: string[] = [];
    const first = slow.send(metadata, 5, { topics: [] }).then(() => order.push('delayed'));
    await other.send(findCoordinator, 2, { key: 'g', keyType: 0 }).then(() => order.push('other'));
    await first;
    expect(order).toEqual(['other', 'delayed']);
  });

  it('concerns one topic, one client, or stays until it is cleared', async () => {
    const broker = await start();
    const wire = await wireTo(broker);
    for (const name of ['a', 'b', 'c']) await make(wire, name);
    await broker.fault({ api: 'Produce', topic: 'b', error: 'REQUEST_TIMED_OUT' });
    await broker.fault({ api: 'Produce', clientId: 'nobody', error: 'REQUEST_TIMED_OUT', times: Number.POSITIVE_INFINITY });
    const lasting = await broker.fault({
      api: 'Produce',
      clientId: 'wire',
      topic: 'c',
      error: 'KAFKA_STORAGE_ERROR',
      times: Number.POSITIVE_INFINITY,
    });
    expect(errorCodes(await send(wire, 'a'))).toEqual([0, 0]);
    expect(errorCodes(await send(wire, 'b'))).toEqual([7, 7]);
    for (let i = 0; i < 3; i++) expect(errorCodes(await send(wire, 'c'))).toEqual([56, 56]);
    await lasting.clear();
    expect(errorCodes(await send(wire, 'c'))).toEqual([0, 0]);
    expect(await lasting.hits()).toBe(3);
  });

  it('concerns a topic that is given by its id too, as Fetch does since version 13', async () => {
    const broker = await start();
    const wire = await wireTo(broker);
    for (const name of ['a', 'b']) await make(wire, name);
    const ids = new Map((await wire.send(metadata, 12, { topics: null })).topics.map(({ name, topicId }) => [name, topicId]));
    const read = async (version: number, name: string) => {
      const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 1000 }];
      const asked = {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1000,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        rackId: '',
      };
      const topics = [{ name, topicId: String(ids.get(name)), partitions }];
      return errorCodes(await wire.send(fetch, version, { ...asked, topics, forgotten: [] }));
    };
    const fault = await broker.fault({ api: 'Fetch', topic: 'b', error: 'KAFKA_STORAGE_ERROR', times: Number.POSITIVE_INFINITY });
    for (const version of [11, 12, 13]) {
      expect(await read(version, 'a')).not.toContain(56);
      expect(await read(version, 'b'), `version ${version}`).toContain(56);
    }
    expect(await fault.hits()).toBe(3);
    await broker.fault({ api: 'Metadata', topic: 'a', error: 'LEADER_NOT_AVAILABLE' });
    const named = await wire.send(metadata, 12, { topics: [{ name: null, topicId: String(ids.get('a')) }] });
    expect(named.topics[0]?.errorCode).toBe(5);
  });

  it.each(everyVersion.filter(({ name }) => !['Produce', 'DescribeCluster'].includes(name)))(
    'puts its error wherever an answer to $name version $version has room for one',
    async ({ api, version }) => {
      const broker = await start();
      const wire = await wireTo(broker);
      await broker.fault({ api: api.name, error: 'UNKNOWN_SERVER_ERROR' });
      const answer = await wire.send(api, version, sampleOf(api, version) as never);
      const { errorCode, ...inner } = answer as { errorCode?: number };
      const own = api.response.errorCode;
      if (own !== undefined && own.since <= version && version <= own.until) expect(errorCode).toBe(-1);
      expect(errorCodes(inner).every((code) => code === -1)).toBe(true);
    },
  );

  it('answers in the shape of the request', async () => {
    const broker = await start();
    const wire = await wireTo(broker);
    for (const api of ['DeleteGroups', 'ListOffsets', 'Heartbeat', 'FindCoordinator', 'Metadata'])
      await broker.fault({ api, error: 'COORDINATOR_LOAD_IN_PROGRESS' });
    expect((await wire.send(deleteGroups, 1, { groups: ['a', 'b'] })).results).toEqual([
      { groupId: 'a', errorCode: 14 },
      { groupId: 'b', errorCode: 14 },
    ]);
    const asked = { replicaId: -1, topics: [{ name: 't', partitions: [{ index: 3, timestamp: -1 }] }] };
    expect((await wire.send(listOffsets, 3, asked)).topics).toMatchObject([
      { name: 't', partitions: [{ index: 3, errorCode: 14, offset: -1 }] },
    ]);
    expect((await wire.send(heartbeat, 3, { groupId: 'g', generationId: 1, memberId: 'm' })).errorCode).toBe(14);
    expect((await wire.send(findCoordinator, 4, { keyType: 0, keys: ['k'] })).coordinators).toMatchObject([{ key: 'k', errorCode: 14 }]);
    const { topics, brokers } = await wire.send(metadata, 5, { topics: [{ name: 't' }] });
    expect(topics).toMatchObject([{ name: 't', errorCode: 14 }]);
    expect(brokers).toHaveLength(1);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown request', { api: 'Produse', disconnect: true }, /fault\.api: expected one of 'Produce', 'Fetch'.*got "Produse"/s],
    ['no effect', { api: 'Fetch' }, /expected one of error, delayMs, disconnect, got 0/],
    ['two effects', { api: 'Fetch', delayMs: 1, disconnect: true }, /got 2 of them/],
    ['an unknown error', { api: 'Fetch', error: 'NO_SUCH' }, /fault\.error/],
    ['no error', { api: 'Fetch', error: 'NONE' }, /fault\.error/],
    ['times of none', { api: 'Fetch', disconnect: true, times: 0 }, /fault\.times/],
    ['a negative delay', { api: 'Fetch', delayMs: -1 }, /fault\.delayMs/],
    ['an option that is none', { api: 'Fetch', disconnect: true, tiems: 3 }, /unknown option "fault\.tiems", expected one of api, times/],
    ['a topic that is no name', { api: 'Fetch', disconnect: true, topic: ['t'] }, /fault\.topic/],
    ['a strange end', { api: 'Fetch', disconnect: 'later' }, /fault\.disconnect/],
  ])('with %s is refused', async (_name, options, message) => {
    const broker = await start();
    await expect(broker.fault(options as FaultOptions)).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringMatching(message) });
  });

  it('is what clients are tested with: kafkajs gets over a lost answer, and an idempotent producer writes once', async () => {
    const broker = await start();
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 10 } });
    await make(await wireTo(broker), 'once');
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic: 'once', messages: [{ partition: 0, value: 'a' }] });
    const fault = await broker.fault({ api: 'Produce', error: 'NOT_LEADER_OR_FOLLOWER', times: 2 });
    await producer.send({ topic: 'once', messages: [{ partition: 0, value: 'b' }] });
    await producer.disconnect();
    expect(await fault.hits()).toBe(2);
    expect(await endOffset(broker, 'once')).toBe(2);
  });
});

describe('a manual clock', () => {
  const joining = { groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 30_000, memberId: '', groupInstanceId: null };

  async function join(wire: Wire): Promise<string> {
    const request = { ...joining, protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.alloc(0) }] };
    return (await wire.send(joinGroup, 3, request)).memberId;
  }

  it('stands still, and a session ends when it has moved on far enough', async () => {
    const broker = await start({ clock: 'manual' });
    const memberId = await join(await wireTo(broker));
    const beat = async () => (await (await wireTo(broker)).send(heartbeat, 2, { groupId: 'g', generationId: 1, memberId })).errorCode;
    await broker.advance(9_000);
    expect(await beat()).toBe(0);
    await broker.advance(9_999);
    expect(await beat()).toBe(0);
    await broker.advance(10_000);
    expect(await beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect((await broker.dump()).groups.g).toMatchObject({ state: 'Empty', members: [] });
  });

  it('gives records their time of arrival, and retention drops them', async () => {
    const broker = await start({ clock: 'manual' });
    const wire = await wireTo(broker);
    const configs = [
      { name: 'retention.ms', value: '3600000' },
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
    ];
    const topic = { name: 'short', numPartitions: 2, replicationFactor: 1, assignments: [], configs };
    await wire.send(createTopics, 3, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    const began = (await broker.dump()).now;
    await broker.advance(1000);
    expect((await send(wire, 'short')).topics[0]?.partitions[0]?.logAppendTimeMs).toBe(began + 1000);
    await broker.advance(3_000_000);
    expect((await broker.dump()).topics.short?.partitions[0]).toMatchObject({ startOffset: 0, endOffset: 1 });
    await broker.advance(1_000_000);
    expect((await broker.dump()).topics.short?.partitions[0]).toMatchObject({ startOffset: 1, endOffset: 1, sizeBytes: 0 });
  });

  it('is the only one that can be moved, and forwards only', async () => {
    await expect((await start()).advance(1)).rejects.toMatchObject({ code: 'CONFIG', next: expect.stringContaining('manual') });
    await expect((await start({ clock: 'manual' })).advance(-1)).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(startBroker({ clock: 'slow' as 'manual' })).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

it('a dump shows topics with their settings, groups with their members and offsets', async () => {
  const broker = await start();
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING, clientId: 'shop' });
  const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: 'readers', maxWaitTimeInMs: 50 })];
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  const configEntries = [{ name: 'retention.ms', value: '1000000' }];
  await admin.createTopics({ topics: [{ topic: 'seen', numPartitions: 1, configEntries }] });
  await producer.send({ topic: 'seen', messages: [{ value: 'a' }, { value: 'b' }] });
  await consumer.subscribe({ topic: 'seen', fromBeginning: true });
  await consumer.run({ autoCommitThreshold: 1, eachMessage: async () => {} });
  await expect.poll(async () => (await broker.dump()).groups.readers?.offsets).toMatchObject({ seen: { 0: { offset: 2 } } });
  const dump = JSON.parse(JSON.stringify(await broker.dump())) as unknown;
  expect(dump).toMatchObject({
    nodes: [{ id: 1, port: broker.ports[0] }],
    topics: { seen: { configs: { 'retention.ms': '1000000' }, partitions: [{ leader: 1, startOffset: 0, endOffset: 2 }] } },
    groups: { readers: { state: 'Stable', generation: 1, protocol: 'RoundRobinAssigner', members: [{ clientId: 'shop' }] } },
  });
  await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
});
