import { connect, createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Broker, type BrokerOptions, type LogEntry, startBroker } from '../../src/broker/index.ts';
import { apiVersions, createTopics, metadata } from '../../src/wire/apis/admin.ts';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { heartbeat, offsetCommit } from '../../src/wire/apis/group.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import { everyVersion, messageOf } from '../helpers/messages.ts';
import { batch, frame, Wire, withLength } from '../helpers/wire.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: BrokerOptions = {}): Promise<Broker & { readonly entries: LogEntry[] }> {
  const entries: LogEntry[] = [];
  const broker = await startBroker({ ...options, onLog: (entry) => entries.push(entry) });
  open.push(broker);
  return { ...broker, entries };
}

async function wireTo(address: string): Promise<Wire> {
  const wire = await Wire.connect(address);
  open.push(wire);
  return wire;
}

const hello = (wire: Wire) => wire.send(apiVersions, 3, { clientSoftwareName: 'x', clientSoftwareVersion: '1' });
const make = (wire: Wire, name: string, numPartitions: number) =>
  wire.send(createTopics, 3, {
    topics: [{ name, numPartitions, replicationFactor: -1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  });
const send = (wire: Wire, name: string, index: number, records = batch()) =>
  wire.send(produce, 7, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 1000,
    topics: [{ name, partitions: [{ index, records: [records] }] }],
  });

describe('malformed input closes its own connection, with a reason in the log, and no other', () => {
  const request = frame(metadata, 5, 1, { topics: [{ name: 'a-topic' }] });
  const cases: [name: string, bytes: Buffer, reason: RegExp][] = [
    ['a frame over the limit', Buffer.from([0x7f, 0xff, 0xff, 0xff]), /a frame of 2147483647 bytes/],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff]), /a frame of -1 bytes/],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /is this a Kafka client/],
    ['a TLS greeting', Buffer.from([0x16, 3, 1, 2, 0, 1]), /without TLS/],
    ['a header cut short', withLength(Buffer.from([0, 3])), /does not fit/],
    ['a body cut short', withLength(request.subarray(4, -4)), /does not fit/],
    ['an unknown request', withLength(Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff])), /no request with key 32512/],
    [
      'a version that is not served',
      withLength(Buffer.from([0, 0, 0, 99, 0, 0, 0, 1, 0xff, 0xff])),
      /Produce version 99 is not served, only 3 to 9/,
    ],
    [
      'a null where none may be',
      withLength(
        Buffer.concat([
          frame(heartbeat, 0, 1, { groupId: '', generationId: 1, memberId: '' }).subarray(4, 18),
          Buffer.from([0xff, 0xff, 0, 0, 0, 1, 0, 0]),
        ]),
      ),
      /groupId must not be null/,
    ],
    [
      'an array that its frame cannot hold',
      withLength(Buffer.concat([request.subarray(4, 18), Buffer.from([0x0f, 0xff, 0xff, 0xff])])),
      /does not fit/,
    ],
  ];

  it.each(cases)('%s', async (_name, bytes, reason) => {
    const broker = await start();
    const [bad, good] = [await wireTo(broker.address), await wireTo(broker.address)];
    await hello(good);
    bad.write(bytes);
    await bad.closed();
    expect(broker.entries).toMatchObject([
      { level: 'warn', message: expect.stringMatching(reason), client: expect.stringContaining('127.0.0.1:') },
    ]);
    expect((await hello(good)).errorCode).toBe(0);
  });
});

describe('requests', () => {
  it('that come together are answered in order', async () => {
    const broker = await start();
    const wire = await wireTo(broker.address);
    await make(wire, 'ordered', 1);
    const waiting = {
      replicaId: -1,
      maxWaitMs: 200,
      minBytes: 1,
      maxBytes: 1000,
      isolationLevel: 0,
      topics: [{ name: 'ordered', partitions: [{ index: 0, fetchOffset: 0, maxBytes: 100 }] }],
    };
    const both = [frame(fetch, 4, 101, waiting), frame(metadata, 5, 102, { topics: [] })];
    wire.write(Buffer.concat(both));
    expect((await wire.answer()).readInt32BE(0)).toBe(101);
    expect((await wire.answer()).readInt32BE(0)).toBe(102);
  });

  it('that come byte by byte are answered', async () => {
    const broker = await start();
    const wire = await wireTo(broker.address);
    for (const byte of frame(metadata, 5, 7, { topics: [] })) {
      wire.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await wire.answer()).readInt32BE(0)).toBe(7);
  });

  it('of a client that does not read are left unread, and others are served meanwhile', async () => {
    const broker = await start();
    const other = await wireTo(broker.address);
    await make(other, 'wide', 3000);
    const deaf = connect(broker.ports[0] as number, '127.0.0.1').pause();
    open.push({ close: () => deaf.destroy() });
    // Each answer takes about 80 KB: without back-pressure the broker would come to hold some 240 MB of them.
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 3000; i++) deaf.write(frame(metadata, 5, i, { topics: [{ name: 'wide' }] }));
    for (let i = 0; i < 500; i++) expect((await hello(other)).errorCode).toBe(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });
});

describe('limits', () => {
  it('of connections: one too many takes the place of the one that was idle longest, the others stay', async () => {
    const broker = await start({ limits: { connections: 2 } });
    const [first, second] = [await wireTo(broker.address), await wireTo(broker.address)];
    await hello(first);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await hello(second);
    const third = await wireTo(broker.address);
    await first.closed();
    expect(broker.entries).toMatchObject([{ level: 'warn', message: expect.stringContaining('limits.connections') }]);
    for (const wire of [second, third]) expect((await hello(wire)).errorCode).toBe(0);
  });

  it('of a frame, a string and the items of arrays close the connection that passes them', async () => {
    const broker = await start({ limits: { frameBytes: 2000, stringBytes: 100, arrayItems: 10 } });
    const attempts = [
      frame(metadata, 5, 1, { topics: [{ name: 'x'.repeat(101) }] }),
      frame(metadata, 5, 1, { topics: Array.from({ length: 11 }, () => ({ name: 'x' })) }),
      frame(metadata, 5, 1, { topics: Array.from({ length: 30 }, () => ({ name: 'x'.repeat(90) })) }),
    ];
    for (const attempt of attempts) {
      const wire = await wireTo(broker.address);
      wire.write(attempt);
      await wire.closed();
    }
    expect(broker.entries.map(({ message }) => message)).toEqual([
      expect.stringContaining('a string of 101 bytes'),
      expect.stringContaining('more than 10 array items'),
      expect.stringContaining('a frame of'),
    ]);
  });

  it('of partitions and groups are answered with POLICY_VIOLATION', async () => {
    const broker = await start({ limits: { partitions: 3, groups: 1 } });
    const wire = await wireTo(broker.address);
    expect((await make(wire, 'fits', 3)).topics[0]?.errorCode).toBe(0);
    expect((await make(wire, 'over', 1)).topics[0]?.errorCode).toBe(ErrorCode.POLICY_VIOLATION);
    const commit = async (groupId: string) => {
      const topics = [{ name: 'fits', partitions: [{ index: 0, offset: 1, metadata: null }] }];
      return (await wire.send(offsetCommit, 5, { groupId, generationId: -1, memberId: '', topics })).topics[0]?.partitions[0]?.errorCode;
    };
    expect(await commit('first')).toBe(0);
    expect(await commit('second')).toBe(ErrorCode.POLICY_VIOLATION);
  });

  it('of silence: an idle connection is closed', async () => {
    const broker = await start({ limits: { idleMs: 100 } });
    const wire = await wireTo(broker.address);
    await wire.closed();
    expect(broker.entries).toMatchObject([{ level: 'info', message: expect.stringContaining('nothing was heard for 100 ms') }]);
  });
});

/** Two ports in a row, the first free and the second taken. */
async function neighbours(): Promise<{ free: number; taken: number }> {
  for (;;) {
    const [first, second] = [createServer(), createServer()];
    const free = await listen(first, 0);
    const taken = await listen(second, (free ?? 0) + 1);
    await new Promise((resolve) => first.close(resolve));
    if (free === undefined || taken === undefined) continue;
    open.push({ close: () => new Promise((resolve) => second.close(resolve)) });
    return { free, taken };
  }
}

function listen(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

describe('listening', () => {
  it.each(['0.0.0.0', '::', '192.168.1.1', 'example.org', ''])('on %j is refused: loopback only', async (host) => {
    await expect(startBroker({ host })).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining('loopback') });
  });

  it.each(['localhost', '127.0.0.2'])('on %s is told to clients as it was given', async (host) => {
    const broker = await start({ host });
    expect(broker.address).toBe(`${host}:${broker.ports[0]}`);
    const { brokers } = await (await wireTo(broker.address)).send(metadata, 5, { topics: [] });
    expect(brokers).toMatchObject([{ host, port: broker.ports[0] }]);
  });

  it('on a port that is taken names the port and the way on', async () => {
    const { free, taken } = await neighbours();
    const refusal = { code: 'CONFIG', message: expect.stringContaining(String(taken)), next: expect.stringContaining('--port') };
    await expect(startBroker({ port: taken })).rejects.toMatchObject(refusal);
    await expect(startBroker({ port: free, nodes: 2 })).rejects.toMatchObject(refusal);
    await expect(Wire.connect(`127.0.0.1:${free}`)).rejects.toThrow();
  });

  it('wrong options are reported together', async () => {
    const starting = startBroker({ port: -1, nodes: 0, defaultPartitions: 1.5, limits: { frameBytes: 0 } });
    await expect(starting).rejects.toMatchObject({
      problems: [/port/, /nodes/, /defaultPartitions/, /limits\.frameBytes/].map((name) => expect.stringMatching(name)),
    });
  });

  it('what programs without types get wrong is reported, too', async () => {
    const wrong = { prot: 1, port: '29092', data: 5, onLog: 'console', autoCreateTopics: 'no' } as unknown as BrokerOptions;
    await expect(startBroker(wrong)).rejects.toMatchObject({
      problems: [/unknown option "prot"/, /port.*"29092"/, /data: .*5/, /onLog/, /autoCreateTopics/].map((name) =>
        expect.stringMatching(name),
      ),
    });
  });

  it('ends with close, which ends connections and may be called twice', async () => {
    const broker = await start();
    const wire = await wireTo(broker.address);
    await hello(wire);
    await broker.close();
    await wire.closed();
    await broker.close();
    await expect(Wire.connect(broker.address)).rejects.toThrow();
    await expect(broker.dump()).rejects.toThrow('closed');
    await expect(broker.fault({ api: 'Fetch', disconnect: true })).rejects.toThrow('closed');
  });
});

describe('three nodes in one process', () => {
  it('are all listed, share the partitions, and each answers for its own', async () => {
    const broker = await start({ nodes: 3 });
    expect(new Set(broker.ports).size).toBe(3);
    const addresses = broker.address.split(',');
    const wires = await Promise.all(addresses.map(wireTo));
    await make(wires[1] as Wire, 'spread', 6);
    const views = await Promise.all(wires.map((wire) => wire.send(metadata, 5, { topics: [{ name: 'spread' }] })));
    for (const view of views) expect({ ...view }).toEqual({ ...views[0] });
    const { brokers, controllerId, topics } = views[0] as (typeof views)[number];
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(addresses);
    expect(brokers.map(({ nodeId }) => nodeId)).toContain(controllerId);
    const leaders = topics[0]?.partitions.map(({ leaderId }) => leaderId) ?? [];
    expect(new Set(leaders)).toEqual(new Set(brokers.map(({ nodeId }) => nodeId)));
  });

  it('refuse what another node leads or coordinates', async () => {
    const broker = await start({ nodes: 3 });
    const wires = await Promise.all(broker.address.split(',').map(wireTo));
    await make(wires[0] as Wire, 'led', 1);
    const codes = [];
    for (const wire of wires) codes.push((await send(wire, 'led', 0)).topics[0]?.partitions[0]?.errorCode);
    expect(codes.sort()).toEqual([ErrorCode.NONE, ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_LEADER_OR_FOLLOWER]);
    const beats = [];
    for (const wire of wires) beats.push((await wire.send(heartbeat, 0, { groupId: 'g', generationId: 1, memberId: 'm' })).errorCode);
    expect(beats.sort()).toEqual([ErrorCode.NOT_COORDINATOR, ErrorCode.NOT_COORDINATOR, ErrorCode.UNKNOWN_MEMBER_ID].sort());
  });

  it('serve kafkajs: a topic over all nodes, read by a group', async () => {
    const broker = await start({ nodes: 3 });
    const kafka = new Kafka({ brokers: broker.address.split(','), logLevel: logLevel.NOTHING });
    const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: 'three', maxWaitTimeInMs: 100 })];
    await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
    await admin.createTopics({ topics: [{ topic: 'three', numPartitions: 6 }] });
    await producer.send({ topic: 'three', messages: [0, 1, 2, 3, 4, 5].map((partition) => ({ partition, value: String(partition) })) });
    await consumer.subscribe({ topic: 'three', fromBeginning: true });
    const seen: string[] = [];
    await consumer.run({
      eachMessage: async ({ message }) => {
        seen.push(String(message.value));
      },
    });
    await expect.poll(() => seen.toSorted()).toEqual(['0', '1', '2', '3', '4', '5']);
    await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
  });
});

describe('topics made by use', () => {
  const ask = (wire: Wire, name: string) => wire.send(metadata, 5, { topics: [{ name }], allowAutoTopicCreation: true });

  it('are not made unless asked for', async () => {
    const wire = await wireTo((await start()).address);
    expect((await ask(wire, 'used')).topics).toMatchObject([{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }]);
  });

  it('are made with autoCreateTopics, with defaultPartitions', async () => {
    const wire = await wireTo((await start({ autoCreateTopics: true, defaultPartitions: 3 })).address);
    const { topics } = await ask(wire, 'used');
    expect(topics[0]?.partitions).toHaveLength(3);
    expect((await ask(wire, 'no/name')).topics).toMatchObject([{ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION }]);
  });
});

it('a partition keeps limits.partitionBytes, and drops the oldest records beyond', async () => {
  const wire = await wireTo((await start({ limits: { partitionBytes: 10_000 } })).address);
  await make(wire, 'bounded', 1);
  for (let i = 0; i < 30; i++) await send(wire, 'bounded', 0, batch({ values: ['x'.repeat(1000)] }));
  const answer = await send(wire, 'bounded', 0);
  expect(answer.topics[0]?.partitions[0]?.logStartOffset).toBeGreaterThan(15);
});

describe('any request', () => {
  it('of any type and version, well formed or with a byte changed, leaves the broker as it was for others', async () => {
    const broker = await start();
    const other = await wireTo(broker.address);
    for (const { api, version } of everyVersion) {
      const samples = fc.sample(fc.tuple(messageOf(api, version, 'request'), fc.nat(), fc.integer({ min: 1, max: 255 })), {
        numRuns: 8,
        seed: version,
      });
      for (const [request, at, change] of samples) {
        const whole = frame(api, version, 1, request as never);
        const changed = Buffer.from(whole);
        const place = 4 + (at % (changed.length - 4));
        changed[place] = (changed[place] as number) ^ change;
        for (const bytes of [whole, changed]) {
          const wire = await Wire.connect(broker.address);
          wire.write(bytes);
          await hello(other);
          wire.close();
        }
      }
      expect((await hello(other)).errorCode).toBe(0);
    }
    expect(broker.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
