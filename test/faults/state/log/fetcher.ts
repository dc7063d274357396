import { connect, type Socket } from 'node:net';
import { Frames } from '../../net/frames.ts';

const FETCH = 1;
/** The oldest version that Kafka 4 answers; its layout has neither compact lengths nor tagged fields. */
const VERSION = 4;
const READ_UNCOMMITTED = 0;
const MAX_BYTES = 64 * 2 ** 20;

export interface Fetched {
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Record batches, the last of them perhaps cut off. */
  readonly bytes: Buffer;
}

/** Fetches from one broker, one request at a time, through a socket of its own: written by hand, so that it shares no code with the runtime. */
export class Fetcher {
  readonly #socket: Socket;
  readonly #frames = new Frames();
  #answered: ((frame: Buffer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #correlation = 0;

  static async connect(host: string, port: number): Promise<Fetcher> {
    const socket = connect({ host, port });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Fetcher(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#frames.add(chunk)) this.#answered?.(frame);
    });
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error('the broker closed the connection of the reader')));
  }

  async fetch(topic: string, partition: number, offset: number): Promise<Fetched> {
    const correlation = ++this.#correlation;
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
    this.#socket.write(requestOf(correlation, topic, partition, offset));
    return answerOf(await answer, correlation);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function requestOf(correlation: number, topic: string, partition: number, offset: number): Buffer {
  const client = text('faults-reader');
  const name = text(topic);
  const head = Buffer.alloc(8);
  head.writeInt16BE(FETCH, 0);
  head.writeInt16BE(VERSION, 2);
  head.writeInt32BE(correlation, 4);
  const limits = Buffer.alloc(21);
  limits.writeInt32BE(-1, 0);
  limits.writeInt32BE(20, 4);
  limits.writeInt32BE(1, 8);
  limits.writeInt32BE(MAX_BYTES, 12);
  limits.writeInt8(READ_UNCOMMITTED, 16);
  limits.writeInt32BE(1, 17);
  const place = Buffer.alloc(20);
  place.writeInt32BE(1, 0);
  place.writeInt32BE(partition, 4);
  place.writeBigInt64BE(BigInt(offset), 8);
  place.writeInt32BE(MAX_BYTES, 16);
  const body = Buffer.concat([head, client, limits, name, place]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** One topic with one partition was asked for, and one is answered. */
function answerOf(frame: Buffer, correlation: number): Fetched {
  if (frame.readInt32BE(4) !== correlation) throw new Error('an answer came for another request of the reader');
  // Length, correlation id, throttle time, number of topics, name, number of partitions, partition.
  let at = 4 + 4 + 4 + 4;
  at += 2 + frame.readInt16BE(at) + 4 + 4;
  const errorCode = frame.readInt16BE(at);
  const highWatermark = Number(frame.readBigInt64BE(at + 2));
  at += 2 + 8 + 8;
  const aborted = Math.max(0, frame.readInt32BE(at));
  at += 4 + aborted * 16;
  const length = Math.max(0, frame.readInt32BE(at));
  return { errorCode, highWatermark, bytes: frame.subarray(at + 4, at + 4 + length) };
}
