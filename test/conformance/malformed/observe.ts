import { setTimeout as sleep } from 'node:timers/promises';
import { fetch, listOffsets, produce } from '../../../src/wire/apis/data.ts';
import { codecOf, loadCodec } from '../../../src/wire/compression/codecs.ts';
import { crc32c } from '../../../src/wire/crc32c.ts';
import { createTopic } from '../../helpers/broker.ts';
import { Wire } from '../../helpers/wire.ts';
import type { Kind } from './kinds.ts';

/** What a broker made of a request, without what is different each time. */
export interface Observed {
  readonly error: number | 'closed' | 'none';
  /** Offset after the last record, -1 where it was not asked for. */
  readonly end: number;
  /** The batch as the broker keeps it. */
  readonly kept?: {
    readonly attributes: number;
    readonly count: number;
    readonly lastOffsetDelta: number;
    /** From the time of the request, or `arrival` when the broker set it. */
    readonly base: number | string;
    readonly max: number | string;
    readonly crc: boolean;
    /** The records' bytes, unpacked, in hexadecimal. */
    readonly body: string;
  };
}

export async function loadCodecs(): Promise<void> {
  for (const compression of [1, 2, 3, 4]) await loadCodec(compression);
}

export async function observe({ bytes, version = 9, transactionalId, configs }: Kind): Promise<Observed> {
  const topic = await createTopic('malformed', configs === undefined ? {} : { configs: { ...configs } });
  const now = Date.now();
  const records = bytes(now);
  const wire = await Wire.toLeader(topic);
  try {
    const partitions = [{ index: 0, records: records && [records] }];
    const request = { transactionalId: transactionalId ?? null, acks: -1, timeoutMs: 5000, topics: [{ name: topic, partitions }] };
    const answer = await Promise.race([wire.send(produce, version, request), sleep(3000)]).catch(() => 'closed' as const);
    if (answer === 'closed') return { error: 'closed', end: -1 };
    if (answer === undefined) return { error: 'none', end: -1 };
    const error = answer.topics[0]?.partitions[0]?.errorCode ?? Number.NaN;
    return { error, end: await endOf(wire, topic), ...(error === 0 && { kept: await keptOf(wire, topic, now) }) };
  } finally {
    wire.close();
  }
}

async function endOf(wire: Wire, topic: string): Promise<number> {
  const topics = [{ name: topic, partitions: [{ index: 0, timestamp: -1 }] }];
  const answer = await wire.send(listOffsets, 2, { replicaId: -1, isolationLevel: 0, topics });
  return answer.topics[0]?.partitions[0]?.offset ?? Number.NaN;
}

async function keptOf(wire: Wire, topic: string, now: number): Promise<NonNullable<Observed['kept']>> {
  const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 1_000_000 }];
  const request = { replicaId: -1, maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const answer = await wire.send(fetch, 11, { ...request, topics: [{ name: topic, partitions }], forgotten: [], rackId: '' });
  const kept = Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []);
  const attributes = kept.readInt16BE(21);
  const compression = attributes & 7;
  const body = compression === 0 ? kept.subarray(61) : codecOf(compression).decompress(kept.subarray(61), 1_000_000);
  const from = (time: number) => (time < 100_000 ? time : Math.abs(time - now) > 0 && Math.abs(time - now) < 3000 ? 'arrival' : time - now);
  return {
    attributes,
    count: kept.readInt32BE(57),
    lastOffsetDelta: kept.readInt32BE(23),
    base: from(Number(kept.readBigInt64BE(27))),
    max: from(Number(kept.readBigInt64BE(35))),
    crc: kept.readUInt32BE(17) === crc32c(kept, 21),
    body: body.toString('hex'),
  };
}
