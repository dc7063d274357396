import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Broker, type BrokerLimits, type LogEntry, startBroker } from '../../src/broker/index.ts';
import { Framing } from '../../src/broker/net/framing.ts';
import { apiVersions, createTopics } from '../../src/wire/apis/admin.ts';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { batch, errorCodes, frame, Wire } from '../helpers/wire.ts';

const MB = 1024 * 1024;

const brokers: Broker[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const broker of brokers.splice(0)) await broker.close();
});

async function start(limits: BrokerLimits, data?: string): Promise<{ address: string; lines: LogEntry[] }> {
  const lines: LogEntry[] = [];
  const broker = await startBroker({ limits, onLog: (entry) => lines.push(entry), ...(data !== undefined && { data }) });
  brokers.push(broker);
  return { address: broker.address, lines };
}

async function open(address: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => {});
  return socket;
}

/** Begins a frame of `announced` bytes and sends `sent` of them. */
async function sendHalf(address: string, announced: number, sent: number): Promise<Socket> {
  const socket = await open(address);
  const bytes = Buffer.alloc(4 + sent);
  bytes.writeInt32BE(announced);
  socket.write(bytes);
  return socket;
}

const isOpen = (socket: Socket): boolean => !socket.closed;

async function answers(address: string): Promise<boolean> {
  const wire = await Wire.connect(address);
  const answer = await wire.send(apiVersions, 0, {});
  wire.close();
  return answer.errorCode === 0;
}

async function createTopic(address: string, name: string): Promise<void> {
  const wire = await Wire.connect(address);
  const topics = [
    { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [{ name: 'max.message.bytes', value: '10000000' }] },
  ];
  expect(errorCodes(await wire.send(createTopics, 2, { topics, timeoutMs: 1000, validateOnly: false }))).toEqual([0]);
  wire.close();
}

describe('requests that are sent by halves', () => {
  it('take no more memory together than they may: the connection that holds most is closed, and told in the log', async () => {
    const { address, lines } = await start({ frameBytes: 4 * MB, requestBytes: 8 * MB });
    const hostile: Socket[] = [];
    for (let i = 0; i < 25; i++) hostile.push(await sendHalf(address, 4 * MB, 2 * MB));
    await vi.waitUntil(() => hostile.filter(isOpen).length <= 4, { timeout: 5000 });
    expect(hostile.filter(isOpen).length).toBeGreaterThan(0);
    expect(lines.filter(({ message }) => message.includes('limits.requestBytes')).length).toBe(25 - hostile.filter(isOpen).length);
    expect(await answers(address)).toBe(true);
  });

  it('count what each of many small pieces costs', () => {
    const framing = new Framing(MB);
    framing.push(Buffer.from([0, 0, 255, 255]));
    for (let i = 0; i < 1000; i++) framing.push(Buffer.alloc(1));
    expect(framing.heldBytes).toBeGreaterThan(200_000);
    for (let i = 0; i < 64_535; i++) framing.push(Buffer.alloc(1));
    expect(framing.heldBytes).toBe(0);
  });

  it('do not close a client that sends whole ones, however large', async () => {
    const { address, lines } = await start({ frameBytes: 4 * MB, requestBytes: 8 * MB });
    await createTopic(address, 'large');
    for (let i = 0; i < 3; i++) await sendHalf(address, 4 * MB, MB);
    const wire = await Wire.connect(address);
    for (let i = 0; i < 20; i++) {
      const records = [batch({ values: ['x'.repeat(3 * MB)] })];
      const topics = [{ name: 'large', partitions: [{ index: 0, records }] }];
      expect(errorCodes(await wire.send(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 5000, topics }))).toEqual([0]);
    }
    wire.close();
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('that are many in one go are read no further than the broker can answer', async () => {
    const { address, lines } = await start({ frameBytes: 4 * MB, requestBytes: 8 * MB });
    await createTopic(address, 'many');
    const records = [batch({ values: ['x'.repeat(MB)] })];
    const topics = [{ name: 'many', partitions: [{ index: 0, records }] }];
    const wire = await Wire.connect(address);
    for (let i = 0; i < 40; i++) wire.write(frame(produce, 7, i, { transactionalId: null, acks: -1, timeoutMs: 5000, topics }));
    for (let i = 0; i < 40; i++) expect((await wire.answer()).readInt32BE(0)).toBe(i);
    wire.close();
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

describe('answers that clients do not read', () => {
  const request = (maxBytes: number) => ({
    replicaId: -1,
    maxWaitMs: 10,
    minBytes: 1,
    maxBytes,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: 'read', partitions: [{ index: 0, fetchOffset: 0, maxBytes }] }],
    forgotten: [],
    rackId: '',
  });

  async function filled(limits: BrokerLimits) {
    const started = await start(limits);
    await createTopic(started.address, 'read');
    const wire = await Wire.connect(started.address);
    const topics = [{ name: 'read', partitions: [{ index: 0, records: [batch({ values: ['x'.repeat(900_000)] })] }] }];
    for (let i = 0; i < 20; i++) await wire.send(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 5000, topics });
    wire.close();
    return started;
  }

  it('take no more memory together than they may, and a client that reads is served meanwhile', async () => {
    const { address, lines } = await filled({ answerBytes: 8 * MB });
    for (let i = 0; i < 40; i++) {
      const socket = await open(address);
      socket.pause();
      // Several answers, so that the system's own buffers are full.
      for (let each = 0; each < 15; each++) socket.write(frame(fetch, 11, each, request(20 * MB)));
    }
    await vi.waitUntil(() => lines.some(({ message }) => message.includes('limits.answerBytes')), { timeout: 10_000 });
    const wire = await Wire.connect(address);
    for (let i = 0; i < 5; i++) {
      const answer = await wire.send(fetch, 11, request(5 * MB));
      expect(answer.topics[0]?.partitions[0]?.records?.length).toBeGreaterThan(0);
    }
    wire.close();
  });

  it('are as long as there is room for, and one batch at least', async () => {
    const { address } = await filled({ answerBytes: MB });
    const wire = await Wire.connect(address);
    const answer = await wire.send(fetch, 11, request(20 * MB));
    const bytes = Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []).length;
    expect(bytes).toBeGreaterThan(900_000);
    expect(bytes).toBeLessThan(2 * MB);
    wire.close();
  });
});

describe('at the limit of connections', () => {
  it('a new client takes the place of the one that was idle longest', async () => {
    const { address, lines } = await start({ connections: 3 });
    const first = await open(address);
    const second = await open(address);
    await sleep(20);
    // It is idle for less time now than the second, though it came before it.
    first.write(frame(apiVersions, 0, 1, {}));
    await new Promise((resolve) => first.once('data', resolve));
    const third = await open(address);
    await sleep(20);
    expect(await answers(address)).toBe(true);
    await vi.waitUntil(() => !isOpen(second), { timeout: 2000 });
    expect([first, second, third].map(isOpen)).toEqual([true, false, true]);
    expect(lines.filter(({ message }) => message.includes('limits.connections'))).toHaveLength(1);
  });

  it('one that waits for records is not idle', async () => {
    const { address } = await start({ connections: 2 });
    await createTopic(address, 'awaited');
    const partitions = [{ index: 0, fetchOffset: 0, maxBytes: MB }];
    const waiting = await open(address);
    const idle = await open(address);
    await sleep(20);
    const topics = [{ name: 'awaited', partitions }];
    waiting.write(
      frame(fetch, 11, 1, {
        replicaId: -1,
        maxWaitMs: 3000,
        minBytes: 1,
        maxBytes: MB,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics,
        forgotten: [],
        rackId: '',
      }),
    );
    await sleep(50);
    idle.write(frame(apiVersions, 0, 1, {}));
    await new Promise((resolve) => idle.once('data', resolve));
    expect(await answers(address)).toBe(true);
    expect([waiting, idle].map(isOpen)).toEqual([true, false]);
  });
});

it('a request limit below that of one frame is refused', async () => {
  await expect(startBroker({ limits: { requestBytes: 1000 } })).rejects.toThrow('limits.requestBytes: expected at least limits.frameBytes');
});
