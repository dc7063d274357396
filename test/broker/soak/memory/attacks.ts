import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createTopics } from '../../../../src/wire/apis/admin.ts';
import { fetch, produce } from '../../../../src/wire/apis/data.ts';
import { rawBatch, varint } from '../../../conformance/malformed/raw-batch.ts';
import { batch, errorCodes, frame, Wire } from '../../../helpers/wire.ts';

const MB = 1024 * 1024;

async function open(address: string): Promise<Socket> {
  const at = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Begins requests of 95 MB, and sends 64 MB of each. Returns how many connections the broker has closed. */
export async function halfSentFrames(address: string, count: number): Promise<number> {
  const piece = Buffer.alloc(MB);
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = await open(address);
    sockets.push(socket);
    const length = Buffer.alloc(4);
    length.writeInt32BE(95 * MB);
    socket.write(length);
    for (let sent = 0; sent < 64; sent++) {
      if (socket.destroyed) break;
      if (!socket.write(piece)) await drained(socket);
    }
  }
  await pause(2000);
  const closed = sockets.filter((socket) => socket.closed).length;
  for (const socket of sockets) socket.destroy();
  return closed;
}

/** Asks for 55 MB each, again and again, and reads nothing. Returns how many connections the broker has closed. */
export async function unreadAnswers(address: string, count: number): Promise<number> {
  await fill(address, 'unread', 60);
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = await open(address);
    sockets.push(socket);
    socket.pause();
    for (let each = 0; each < 4; each++) socket.write(frame(fetch, 11, each, request('unread')));
  }
  await pause(8000);
  const closed = sockets.filter((socket) => socket.closed).length;
  for (const socket of sockets) socket.destroy();
  return closed;
}

/** Writes batches that expand to `mb` MB each to partition 0. Returns the errors of the broker, 0 for none, and the size of one. */
export async function gzipBombs(address: string, topic: string, count: number, mb: number): Promise<{ errors: number[]; bytes: number }> {
  const body = gzipSync(largeRecord(mb * MB), { level: 9 });
  const bomb = rawBatch({ attributes: 1, body, recordCount: 1, lastOffsetDelta: 0 }, Date.now());
  const wire = await Wire.connect(address);
  const errors: number[] = [];
  for (let i = 0; i < count; i++) errors.push(...(await send(wire, topic, 0, bomb)));
  errors.push(...(await send(wire, topic, 1, batch({ values: ['after'] }))));
  wire.close();
  return { errors, bytes: bomb.length };
}

/** One record whose value is zeros. */
function largeRecord(length: number): Buffer {
  const head = Buffer.concat([Buffer.from([0]), varint(0), varint(0), varint(-1), varint(length)]);
  return Buffer.concat([varint(head.length + length + 1), head, Buffer.alloc(length + 1)]);
}

async function fill(address: string, topic: string, mb: number): Promise<void> {
  const wire = await Wire.connect(address);
  const configs = [{ name: 'max.message.bytes', value: '10000000' }];
  const topics = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
  await wire.send(createTopics, 2, { topics, timeoutMs: 5000, validateOnly: false });
  for (let i = 0; i < mb; i++) await send(wire, topic, 0, batch({ values: ['x'.repeat(MB)] }));
  wire.close();
}

async function send(wire: Wire, name: string, index: number, records: Buffer): Promise<number[]> {
  const topics = [{ name, partitions: [{ index, records: [records] }] }];
  return errorCodes(await wire.send(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 60_000, topics }));
}

function request(name: string) {
  const maxBytes = 55 * MB;
  const limits = { replicaId: -1, maxWaitMs: 10, minBytes: 1, maxBytes, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, rackId: '' };
  return { ...limits, topics: [{ name, partitions: [{ index: 0, fetchOffset: 0, maxBytes }] }], forgotten: [] };
}

/** Resolves when the other side has taken what was written, has closed, or takes nothing for two seconds. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      socket.off('drain', done).off('close', done);
      resolve();
    };
    const timer = setTimeout(done, 2000);
    socket.on('drain', done).on('close', done);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
