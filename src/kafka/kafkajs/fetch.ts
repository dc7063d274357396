import { createRequire } from 'node:module';
import * as api from '../../wire/apis/data.ts';
import { type ExpansionLimits, expansionLimits } from '../../wire/expansion.ts';
import { type OpenBatch, RecordReader } from '../../wire/record-reader.ts';
import type { KafkaRecords, TopicPartition } from '../client.ts';
import { readHeaders } from '../read-headers.ts';
import type { Broker } from './cluster.ts';
import { type FetchAnswer as Answered, type AnsweredPartition, batchesOf, loadCodecsFor } from './fetched.ts';
import { request } from './request.ts';

const load = createRequire(import.meta.url);
/** Later versions name topics by their ids, which kafkajs does not know. */
const NEWEST = 12;
const CONSUMER = -1;
const COMMITTED = 1;
const MAX_BYTES = 10_485_760;

/** What kafkajs's consumer asks a broker for. */
type FetchOptions = Parameters<Broker['fetch']>[0];

/** A partition of an answer, as its consumer looks at it. */
interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly preferredReadReplica: number;
  readonly abortedTransactions: readonly never[];
  readonly messages: readonly Carrier[];
}

interface FetchAnswer {
  readonly responses: ReadonlyArray<{ readonly topicName: string; readonly partitions: readonly FetchedPartition[] }>;
}

/** Stands, among what kafkajs takes for a partition's records, for all of them. */
interface Carrier {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: null;
  readonly value: null;
  readonly headers: object;
  readonly isControlRecord: false;
  readonly carried: KafkaRecords;
}

/**
 * Has kafkajs's consumer fetch from this broker through our tables: each partition comes with a single record, which
 * carries all the others unread. kafkajs's own reading leaks records of aborted transactions (287 of 1,482 on Kafka 4.2),
 * stays for ever at a batch that compaction emptied, and makes six objects for each record.
 */
export function fetchByWire(broker: Broker, maxBatchBytes?: number): void {
  const failIfRefused = loadErrorCheck();
  broker.fetch = async (options) => {
    const answer = await request(broker, api.fetch, requestOf(options), { newest: NEWEST });
    await loadCodecsFor(answer);
    return failIfRefused(answerOf(answer, maxBatchBytes, (place) => positionIn(options, place)));
  };
}

/** The records that a batch of kafkajs's stands for, from the offset that was asked for. */
export function recordsOf(batch: { readonly messages: readonly object[]; readonly fetchedOffset: string }): KafkaRecords {
  const [carrier] = batch.messages as readonly (Carrier | undefined)[];
  const records = carrier?.carried ?? new RecordReader([], readHeaders);
  records.skipTo(Number(batch.fetchedOffset));
  return records;
}

/** Partitions change places with every request: those behind a full answer would wait for ever (KIP-74). */
function requestOf({ topics, maxWaitTime = 5_000, minBytes = 1, maxBytes = MAX_BYTES, isolationLevel = COMMITTED, rackId }: FetchOptions) {
  return {
    replicaId: CONSUMER,
    maxWaitMs: maxWaitTime,
    minBytes,
    maxBytes,
    isolationLevel,
    rackId,
    topics: shuffled(topics).map(({ topic, partitions }) => ({
      name: topic,
      partitions: shuffled(partitions).map(({ partition, fetchOffset, maxBytes }) => ({
        index: partition,
        fetchOffset: Number(fetchOffset),
        maxBytes,
      })),
    })),
  };
}

/** From where a partition was read. */
function positionIn({ topics }: FetchOptions, { topic, partition }: TopicPartition): number {
  const partitions = topics.find((each) => each.topic === topic)?.partitions;
  return Number(partitions?.find((each) => each.partition === partition)?.fetchOffset ?? 0);
}

type PositionOf = (place: TopicPartition) => number;

/** The codecs of the batches in it are loaded. */
export function answerOf({ topics }: Answered, maxBatchBytes?: number, positionOf: PositionOf = () => 0): FetchAnswer {
  const limits = expansionLimits(maxBatchBytes);
  return {
    responses: topics.map(({ name, partitions }) => ({
      topicName: name,
      partitions: partitions.map((partition) => partitionOf(name, partition, positionOf, limits)),
    })),
  };
}

/** The list of aborted transactions is empty: `readFetched` has left their records out, and kafkajs would look for them among carriers. */
function partitionOf(topic: string, partition: AnsweredPartition, positionOf: PositionOf, limits: ExpansionLimits): FetchedPartition {
  const { index, errorCode, preferredReadReplica, highWatermark } = partition;
  const place = { topic, partition: index };
  const messages = batchesOf(place, partition, positionOf, limits).flatMap(({ visible, nextOffset }) =>
    nextOffset === undefined ? [] : [carry(visible, nextOffset)],
  );
  return { partition: index, errorCode, preferredReadReplica, highWatermark: String(highWatermark), abortedTransactions: [], messages };
}

/**
 * The carrier has the last offset that was read, control records, aborted ones and what compaction took included: kafkajs
 * goes on behind it. Whether there is anything to see is known only when the records are taken.
 */
function carry(visible: readonly OpenBatch[], nextOffset: number): Carrier {
  const empty = { timestamp: '0', key: null, value: null, headers: {}, isControlRecord: false } as const;
  return { ...empty, offset: String(nextOffset - 1), carried: new RecordReader(visible, readHeaders) };
}

/** kafkajs's own look at the error codes of an answer: its consumer goes by the errors that this throws. */
function loadErrorCheck(): (answer: FetchAnswer) => Promise<FetchAnswer> {
  const { parse } = load('kafkajs/src/protocol/requests/fetch/v4/response') as { parse(answer: FetchAnswer): Promise<FetchAnswer> };
  return parse;
}

function shuffled<T>(all: readonly T[]): T[] {
  const list = [...all];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    const [a, b] = [list[i], list[j]];
    if (a !== undefined && b !== undefined) [list[i], list[j]] = [b, a];
  }
  return list;
}
