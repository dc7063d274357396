import { fetch, listOffsets, produce } from '../../../src/wire/apis/data.ts';
import { codecOf } from '../../../src/wire/compression/codecs.ts';
import { crc32c } from '../../../src/wire/crc32c.ts';
import { createTopic } from '../../helpers/broker.ts';
import { Wire } from '../../helpers/wire.ts';
import type { Kind } from './kinds.ts';

/** What a broker made of a request, without what is different each time. */
export interface Observed {
  readonly error: number;
  /** By how much the log has grown. */
  readonly added: number;
  /** The batch as the broker keeps it. */
  readonly kept?: KeptBatch;
}

interface KeptBatch {
  readonly attributes: number;
  readonly count: number;
  readonly lastOffsetDelta: number;
  /** From the time of the request on, in milliseconds; `arrival` when the broker set it; the time itself when it is around 1970. */
  readonly base: number | 'arrival';
  readonly max: number | 'arrival';
  readonly hasValidCrc: boolean;
  /** The records' bytes, decompressed, in hexadecimal. */
  readonly records: string;
}

/** A broker under test. One topic serves all kinds that want the same settings. */
export class Observer {
  readonly #topics = new Map<string, Promise<string>>();

  /** The codecs are loaded. */
  async observe({ bytes, version = 9, transactionalId, configs = {} }: Kind): Promise<Observed> {
    const topic = await this.#topicOf(configs);
    const wire = await Wire.toLeader(topic);
    try {
      // Some time ago, so that the time of the arrival is another one.
      const now = Date.now() - 1000;
      const before = await endOf(wire, topic);
      const topics = [{ name: topic, partitions: [{ index: 0, records: [bytes(now)] }] }];
      const answer = await wire.send(produce, version, { transactionalId: transactionalId ?? null, acks: -1, timeoutMs: 5000, topics });
      const error = answer.topics[0]?.partitions[0]?.errorCode ?? Number.NaN;
      const added = (await endOf(wire, topic)) - before;
      return { error, added, ...(error === 0 && { kept: await keptAt(wire, topic, before, now) }) };
    } finally {
      wire.close();
    }
  }

  #topicOf(configs: Readonly<Record<string, string>>): Promise<string> {
    const key = JSON.stringify(configs);
    const known = this.#topics.get(key) ?? createTopic('malformed', { configs: { ...configs } });
    this.#topics.set(key, known);
    return known;
  }
}

async function endOf(wire: Wire, topic: string): Promise<number> {
  const topics = [{ name: topic, partitions: [{ index: 0, timestamp: -1 }] }];
  const answer = await wire.send(listOffsets, 2, { replicaId: -1, isolationLevel: 0, topics });
  return answer.topics[0]?.partitions[0]?.offset ?? Number.NaN;
}

async function keptAt(wire: Wire, topic: string, offset: number, now: number): Promise<KeptBatch> {
  const partitions = [{ index: 0, fetchOffset: offset, maxBytes: 1_000_000 }];
  const request = { replicaId: -1, maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const answer = await wire.send(fetch, 11, { ...request, topics: [{ name: topic, partitions }], forgotten: [], rackId: '' });
  const kept = Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []);
  const compression = kept.readInt16BE(21) & 7;
  const body = compression === 0 ? kept.subarray(61) : codecOf(compression).decompress(kept.subarray(61), 1_000_000);
  return {
    attributes: kept.readInt16BE(21),
    count: kept.readInt32BE(57),
    lastOffsetDelta: kept.readInt32BE(23),
    base: fromNow(Number(kept.readBigInt64BE(27)), now),
    max: fromNow(Number(kept.readBigInt64BE(35)), now),
    hasValidCrc: kept.readUInt32BE(17) === crc32c(kept, 21),
    records: body.toString('hex'),
  };
}

function fromNow(time: number, now: number): number | 'arrival' {
  if (time < 100_000) return time;
  const ms = time - now;
  // No kind says a time so close to its own.
  return ms > 500 && ms < 900_000 ? 'arrival' : ms;
}
