import type { WireCall } from './cluster.ts';

export interface PartitionData {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
}

export interface ProduceAnswer {
  readonly partitions: PartitionAnswer[];
}

const API_KEY = 0;
/** The newest version whose fields are those of version 5, and which kafkajs sends as well. */
const NEWEST = 7;
const ALL_REPLICAS = -1;

/**
 * A produce request of version 3 to 7 (https://kafka.apache.org/protocol#The_Messages_Produce) that goes over kafkajs's
 * connections. Its own answers with the first error alone, so that nobody can tell which partitions were written.
 */
export function produceCall(data: readonly PartitionData[], brokerVersion: number, timeoutMs: number): WireCall<ProduceAnswer> {
  const apiVersion = Math.min(NEWEST, brokerVersion);
  return {
    request: { apiKey: API_KEY, apiVersion, apiName: 'Produce', encode: async () => payload(encode(data, timeoutMs)) },
    response: { decode: async (raw) => decode(raw, apiVersion), parse: async (answer) => answer },
  };
}

const payload = (buffer: Buffer): { buf: Buffer; buffer: Buffer } => ({ buf: buffer, buffer });

function encode(data: readonly PartitionData[], timeoutMs: number): Buffer {
  const topics = groupByTopic(data);
  const head = Buffer.alloc(12);
  head.writeInt16BE(-1, 0);
  head.writeInt16BE(ALL_REPLICAS, 2);
  head.writeInt32BE(timeoutMs, 4);
  head.writeInt32BE(topics.size, 8);
  const parts: Buffer[] = [head];
  for (const [topic, partitions] of topics) {
    parts.push(text(topic), int32(partitions.length));
    for (const { partition, batch } of partitions) parts.push(int32(partition), int32(batch.length), batch);
  }
  return Buffer.concat(parts);
}

function groupByTopic(data: readonly PartitionData[]): Map<string, PartitionData[]> {
  const topics = new Map<string, PartitionData[]>();
  for (const each of data) {
    const partitions = topics.get(each.topic);
    if (partitions === undefined) topics.set(each.topic, [each]);
    else partitions.push(each);
  }
  return topics;
}

function decode(raw: Buffer, apiVersion: number): ProduceAnswer & { clientSideThrottleTime?: number } {
  let at = 0;
  const int32At = (): number => raw.readInt32BE((at += 4) - 4);
  const partitions: PartitionAnswer[] = [];
  for (let topics = int32At(); topics > 0; topics--) {
    const length = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    for (let count = int32At(); count > 0; count--) {
      const partition = int32At();
      partitions.push({ topic, partition, errorCode: raw.readInt16BE(at), baseOffset: Number(raw.readBigInt64BE(at + 2)) });
      at += apiVersion >= 5 ? 26 : 18;
    }
  }
  // From version 6 on the broker leaves the waiting to the client (KIP-219).
  return apiVersion >= 6 ? { partitions, clientSideThrottleTime: int32At() } : { partitions };
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const size = Buffer.allocUnsafe(2);
  size.writeInt16BE(bytes.length);
  return Buffer.concat([size, bytes]);
}
