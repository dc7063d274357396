import { errorText, isStreamerError } from '../../../errors.ts';
import { isReserved, type KafkaRecord, type RecordHeaders, type TopicPartition } from '../../../kafka/index.ts';
import { isStateTopic } from '../../../tables/index.ts';

/** Stacks are cut: brokers refuse records that grow beyond the topic's `max.message.bytes`. */
const STACK_BYTES = 4_096;
const MESSAGE_BYTES = 2_048;

export const PREFIX = 'streamer.dlq.';

export function deadLetterTopicOf(topic: string, app: string): string {
  return `${topic}.${app}${SUFFIX}`;
}

/** Takes the letters of all topics that the app reads by a pattern. */
export function appLetterTopicOf(app: string): string {
  return `${app}${SUFFIX}`;
}

const SUFFIX = '.dlq';

/** Dead-letter topics, changelogs and other internal topics, of any app: patterns never match them. */
export function isInternalTopic(name: string): boolean {
  return isReserved(name) || name.endsWith(SUFFIX) || name.endsWith('.replies') || isStateTopic(name);
}

/** What a letter is about; no offset where it is not a record of the origin. */
export type LetterContent = Omit<KafkaRecord, 'offset'> & { readonly offset: number | undefined };

export interface DeadLetter {
  readonly app: string;
  /** Absent when the record did not decode: then it failed for every agent. */
  readonly agent: string | undefined;
  readonly origin: TopicPartition;
  readonly record: LetterContent;
  readonly error: unknown;
  readonly attempts: number;
  readonly state?: LetterState | undefined;
}

/**
 * What has become of the event's writes to tables: `applied` when an output was refused after the event had finished with them, `none`
 * when they were dropped with the failed attempt.
 */
export type LetterState = 'applied' | 'none';

/**
 * Headers that a dead letter has beside those of its record, under `streamer.dlq.*`: `topic`, `partition`,
 * `offset`, `timestamp` (the original's, epoch milliseconds: the letter has its own, since brokers refuse old or far ones),
 * `error` (class), `code`, `message`, `stack`, `attempts`, `app`, `agent`, `time` (ISO 8601); `state` for an agent that writes tables; `cut` where the record did not fit
 * (`letter-cut.ts`), `records` where
 * it stands for a batch that cannot be read.
 */
export function deadLetterHeaders(letter: DeadLetter): RecordHeaders {
  const { error, record, origin } = letter;
  const shown = errorText(error);
  const own: RecordHeaders = {};
  const note = (name: string, text: string | undefined, bytes = MESSAGE_BYTES) => {
    if (text !== undefined) own[PREFIX + name] = cut(text, bytes);
  };
  note('topic', origin.topic);
  note('partition', String(origin.partition));
  note('offset', record.offset === undefined ? undefined : String(record.offset));
  note('timestamp', String(record.timestamp));
  note('error', shown.name);
  note('code', isStreamerError(error) ? error.code : undefined);
  note('message', shown.message);
  note('stack', shown.stack, STACK_BYTES);
  note('attempts', String(letter.attempts));
  note('app', letter.app);
  note('agent', letter.agent);
  note('state', letter.state);
  note('time', new Date().toISOString());
  note('records', record.unreadable && String(record.unreadable.records));
  return own;
}

/** What a dead letter says of itself; every field is absent where its header is, or does not fit. */
export interface LetterInfo {
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  readonly timestamp: number | undefined;
  readonly error: string | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly stack: string | undefined;
  readonly attempts: number | undefined;
  readonly app: string | undefined;
  readonly agent: string | undefined;
  readonly time: string | undefined;
  /** Undefined where the agent writes no tables. */
  readonly state: string | undefined;
  /** What the letter lacks of its record, as `value 3000000`; undefined where it is whole. */
  readonly cut: string | undefined;
  /** Of a letter that stands for a batch that cannot be read: the records that were skipped with it, at most. */
  readonly records: number | undefined;
}

export function readLetter(headers: RecordHeaders): LetterInfo {
  const text = (name: string) => headers[PREFIX + name]?.toString();
  const whole = (name: string) => {
    const value = Number(text(name) ?? Number.NaN);
    return Number.isSafeInteger(value) ? value : undefined;
  };
  return {
    topic: text('topic'),
    partition: whole('partition'),
    offset: whole('offset'),
    timestamp: whole('timestamp'),
    error: text('error'),
    code: text('code'),
    message: text('message'),
    stack: text('stack'),
    attempts: whole('attempts'),
    app: text('app'),
    agent: text('agent'),
    time: text('time'),
    state: text('state'),
    cut: text('cut'),
    records: whole('records'),
  };
}

/** Its bytes, of which there are no more than that, and three dots where there were. */
function cut(text: string, bytes: number): Buffer {
  const buffer = Buffer.from(text, 'utf8');
  if (buffer.length <= bytes) return buffer;
  const whole = buffer
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return Buffer.from(`${whole}...`, 'utf8');
}
