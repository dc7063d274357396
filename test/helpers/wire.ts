import { connect, type Socket } from 'node:net';
import { type Api, apiCodec, isFlexible } from '../../src/wire/api.ts';
import { metadata } from '../../src/wire/apis/admin.ts';
import { findCoordinator } from '../../src/wire/apis/group.ts';
import { crc32c } from '../../src/wire/crc32c.ts';
import type { Decoded, Draft, Fields } from '../../src/wire/field.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';
import { brokers } from './broker.ts';

const API_VERSIONS = 18;

/** A client that says exactly what a test wants said, in any version. One request at a time. */
export class Wire {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #correlation = 0;
  #wake: (() => void) | undefined;
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake?.();
    });
  }

  /** @param address `host:port`, the first of the run's brokers by default */
  static async connect(address = brokers()[0] as string): Promise<Wire> {
    const at = address.lastIndexOf(':');
    const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Wire(socket);
  }

  static async toLeader(topic: string, partition = 0): Promise<Wire> {
    const any = await Wire.connect();
    const { topics, brokers: nodes } = await any.send(metadata, 5, { topics: [{ name: topic }], allowAutoTopicCreation: false });
    any.close();
    const leaderId = topics[0]?.partitions.find(({ index }) => index === partition)?.leaderId;
    const leader = nodes.find(({ nodeId }) => nodeId === leaderId);
    if (leader === undefined) throw new Error(`${topic}[${partition}] has no leader`);
    return Wire.connect(`${leader.host}:${leader.port}`);
  }

  static async toCoordinator(group: string): Promise<Wire> {
    const any = await Wire.connect();
    const { errorCode, host, port } = await any.send(findCoordinator, 2, { key: group, keyType: 0 });
    any.close();
    if (errorCode !== 0) throw new Error(`group ${group} has no coordinator: error ${errorCode}`);
    return Wire.connect(`${host}:${port}`);
  }

  async send<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, request: Draft<Q>): Promise<Decoded<S>> {
    this.write(frame(api, version, ++this.#correlation, request));
    const answer = await this.answer();
    const reader = new Reader(answer);
    const correlation = reader.int32();
    if (correlation !== this.#correlation) throw new Error(`answer ${correlation} came for request ${this.#correlation}`);
    if (isFlexible(api, version) && api.key !== API_VERSIONS) reader.taggedFields(() => {});
    const response = apiCodec(api, version).response.decode(reader) as Decoded<S>;
    if (reader.remaining > 0) throw new Error(`${api.name} version ${version}: ${reader.remaining} bytes are left over`);
    return response;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next frame, without its length. Rejects when the broker closes the connection first. */
  async answer(): Promise<Buffer> {
    while (this.#received.length < 4 || this.#received.length < 4 + this.#received.readInt32BE(0)) {
      if (this.isClosed) throw new Error('the broker closed the connection');
      await this.#change();
    }
    const length = this.#received.readInt32BE(0);
    const answer = this.#received.subarray(4, 4 + length);
    this.#received = this.#received.subarray(4 + length);
    return answer;
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  close(): void {
    this.#socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A whole request, length first. */
export function frame<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, correlation: number, request: Draft<Q>): Buffer {
  const writer = new Writer();
  writer.int16(api.key);
  writer.int16(version);
  writer.int32(correlation);
  writer.string('wire', false);
  if (isFlexible(api, version)) writer.uvarint(0);
  apiCodec(api, version).request.encode(writer, request as never);
  return withLength(Buffer.concat(writer.finish()));
}

export function withLength(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Every `errorCode` in an answer, in the order in which they stand there. */
export function errorCodes(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(errorCodes);
  if (typeof value !== 'object' || value === null || value instanceof Buffer) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'errorCode' ? [inner as number] : errorCodes(inner)));
}

export interface BatchOptions {
  readonly values?: readonly (string | null)[];
  readonly key?: string | null;
  /** Instead of `key`, one for each value. */
  readonly keys?: readonly (string | null)[];
  /** Of every record. */
  readonly headers?: readonly HeaderField[];
  readonly timestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly attributes?: number;
  readonly recordCount?: number;
  readonly lastOffsetDelta?: number;
  readonly leaderEpoch?: number;
}

/** An uncompressed record batch of format 2, with any field set as a test wants it and a checksum that fits. */
export function batch(options: BatchOptions = {}): Buffer {
  const { values = ['v'], key = 'k', timestamp = Date.now() } = options;
  const records = Buffer.concat(
    values.map((value, i) => record(i, options.keys === undefined ? key : (options.keys[i] ?? null), value, options.headers)),
  );
  const header = Buffer.alloc(61);
  header.writeInt32BE(61 - 12 + records.length, 8);
  header.writeInt32BE(options.leaderEpoch ?? -1, 12);
  header.writeInt8(2, 16);
  header.writeInt16BE(options.attributes ?? 0, 21);
  header.writeInt32BE(options.lastOffsetDelta ?? values.length - 1, 23);
  header.writeBigInt64BE(BigInt(timestamp), 27);
  header.writeBigInt64BE(BigInt(timestamp), 35);
  header.writeBigInt64BE(BigInt(options.producerId ?? -1), 43);
  header.writeInt16BE(options.producerEpoch ?? -1, 51);
  header.writeInt32BE(options.baseSequence ?? -1, 53);
  header.writeInt32BE(options.recordCount ?? values.length, 57);
  const bytes = Buffer.concat([header, records]);
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

function record(offsetDelta: number, key: string | null, value: string | null, headers: readonly HeaderField[] = []): Buffer {
  const head = [Buffer.from([0]), varint(0), varint(offsetDelta), field(key), field(value), varint(headers.length)];
  const body = Buffer.concat([...head, headerBytes(headers)]);
  return Buffer.concat([varint(body.length), body]);
}

/** A name, and a value that may be missing. */
export type HeaderField = readonly [name: string, value: Buffer | null];

/** Headers as they stand in a record, behind their count. */
export function headerBytes(headers: readonly HeaderField[]): Buffer {
  return Buffer.concat(
    headers.flatMap(([name, value]) => [field(name), value === null ? varint(-1) : Buffer.concat([varint(value.length), value])]),
  );
}

function field(text: string | null): Buffer {
  if (text === null) return varint(-1);
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** Zig-zag, seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
