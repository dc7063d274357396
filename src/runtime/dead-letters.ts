import { isStreamerError } from '../errors.ts';
import type { KafkaRecord, RecordHeaders, TopicPartition } from '../kafka/index.ts';
import { headersOf } from '../topics/index.ts';

/** Stacks are cut: brokers refuse records that grow beyond the topic's `max.message.bytes`. */
const STACK_BYTES = 4_096;
const MESSAGE_BYTES = 2_048;

/** Names the agent that a replayed dead letter is for: the others finish it unseen. */
export const REPLAY_AGENT_HEADER = 'streamer.replay.agent';
const PREFIX = 'streamer.dlq.';

export function deadLetterTopicOf(topic: string, app: string): string {
  return `${topic}.${app}.dlq`;
}

/** Dead-letter and internal topics: patterns never match them. */
export function isInternalTopic(name: string): boolean {
  return name.startsWith('__') || name.endsWith('.dlq') || name.endsWith('.replies');
}

export interface DeadLetter {
  readonly app: string;
  /** Absent when the record did not decode: then it failed for every agent. */
  readonly agent: string | undefined;
  readonly origin: TopicPartition;
  readonly record: KafkaRecord;
  readonly error: unknown;
  readonly attempts: number;
}

/**
 * Headers of a dead letter: those of the record, and its origin and error under `streamer.dlq.*`: `topic`, `partition`,
 * `offset`, `timestamp` (the original's, epoch milliseconds: the letter has its own, since brokers refuse old or far ones),
 * `error` (class), `code`, `message`, `stack`, `attempts`, `app`, `agent`, `time` (ISO 8601).
 */
export function deadLetterHeaders(letter: DeadLetter): RecordHeaders {
  const { error, record, origin } = letter;
  const shown = error instanceof Error ? error : new Error(String(error));
  const fields: Record<string, string | undefined> = {
    topic: origin.topic,
    partition: String(origin.partition),
    offset: String(record.offset),
    timestamp: String(record.timestamp),
    error: shown.name,
    code: isStreamerError(error) ? error.code : undefined,
    message: cut(shown.message, MESSAGE_BYTES),
    stack: cut(shown.stack ?? '', STACK_BYTES),
    attempts: String(letter.attempts),
    app: letter.app,
    agent: letter.agent,
    time: new Date().toISOString(),
  };
  const own = headersOf(Object.fromEntries(Object.entries(fields).map(([name, value]) => [PREFIX + name, value])));
  return { ...record.headers, ...own };
}

function cut(text: string, bytes: number): string {
  const buffer = Buffer.from(text, 'utf8');
  return buffer.length <= bytes
    ? text
    : `${buffer
        .subarray(0, bytes)
        .toString('utf8')
        .replace(/\uFFFD+$/, '')}...`;
}
