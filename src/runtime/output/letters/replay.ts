import { type KafkaRecord, pickHeaders, type RecordHeaders, type TopicPartition } from '../../../kafka/index.ts';
import { type LetterInfo, PREFIX } from './dead-letters.ts';

/**
 * Headers of a replayed letter: the agent that failed, and the place that the letter came from. The other agents finish the record
 * unseen. A header of the agent alone proves nothing: any producer can set it.
 */
const REPLAY = 'streamer.replay.';
/** Looked for in every record, so it is not put together for each. */
const REPLAYED_AGENT = 'streamer.replay.agent';

/** A record that is the replay of a letter. */
export interface Replay {
  readonly app: string;
  readonly agent: string;
}

/** Returns the record's own headers, with those of a replay if the letter is replayed to one agent of its topic. */
export function replayHeaders(headers: RecordHeaders, letter?: LetterInfo): RecordHeaders {
  const own = pickHeaders(headers, (name) => !name.startsWith(PREFIX) && !name.startsWith(REPLAY));
  if (letter?.agent === undefined) return own;
  const { agent, app, topic, partition, offset } = letter;
  const noted = Object.entries({ agent, app, topic, partition, offset }).flatMap(([name, value]) =>
    value === undefined ? [] : [[REPLAY + name, Buffer.from(String(value), 'utf8')] as const],
  );
  return { ...own, ...Object.fromEntries(noted) };
}

/**
 * Returns whose replay a record is. Undefined for an ordinary record, also for one whose headers name no letter of this topic: a header
 * that was forwarded from another topic, or that a producer made up, must not hide the record from anybody.
 */
export function replayOf({ headers, offset }: KafkaRecord, { topic, partition }: TopicPartition): Replay | undefined {
  if (headers[REPLAYED_AGENT] === undefined) return undefined;
  const text = (name: string) => headers[REPLAY + name]?.toString();
  const [agent, app, origin] = [text('agent'), text('app'), { partition: Number(text('partition')), offset: Number(text('offset')) }];
  if (agent === undefined || app === undefined || text('topic') !== topic) return undefined;
  // A letter is older than its replay.
  const isOlder = origin.partition !== partition || origin.offset < offset;
  return Number.isSafeInteger(origin.partition) && Number.isSafeInteger(origin.offset) && isOlder ? { app, agent } : undefined;
}
