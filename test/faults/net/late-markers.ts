import { type Api, apiCodec, isFlexible } from '../../../src/wire/api.ts';
import { listOffsets } from '../../../src/wire/apis/data.ts';
import { offsetFetch } from '../../../src/wire/apis/group.ts';
import { ErrorCode } from '../../../src/wire/error-code.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';

/**
 * The markers of one transaction reach partitions at different moments: the offsets may be committed while a changelog partition
 * still waits for its marker, and its last stable offset is behind. These functions show a client such a moment.
 */
export const LIST_OFFSETS = listOffsets.key;
export const OFFSET_FETCH = offsetFetch.key;
const LATEST = -1;
const COMMITTED = 1;
/** Records of the transaction whose marker is late. */
const BEHIND = 6;

/** What the group had committed before the transaction whose marker is late, by topic and partition. */
export type EarlierCommits = ReadonlyMap<string, { readonly offset: number; readonly metadata: string | null }>;

/** For so long from the first request of each kind on, markers are late. */
export class LateMarkers {
  readonly earlier: EarlierCommits;
  readonly #forMs: number;
  readonly #until = new Map<'offsets' | 'ends', number>();

  constructor(forMs: number, earlier: EarlierCommits) {
    this.#forMs = forMs;
    this.earlier = earlier;
  }

  areLate(kind: 'offsets' | 'ends'): boolean {
    const until = this.#until.get(kind) ?? Date.now() + this.#forMs;
    this.#until.set(kind, until);
    return Date.now() < until;
  }
}

/** True for a request that asks where committed records of changelogs end. @param frame with its length */
export function asksCommittedEnds(frame: Buffer): boolean {
  const { version, body } = requestOf(frame, listOffsets);
  const { isolationLevel, topics } = apiCodec(listOffsets, version).request.decode(body);
  return (
    isolationLevel === COMMITTED &&
    topics.every(({ name, partitions }) => name.endsWith('-changelog') && partitions.every(({ timestamp }) => timestamp === LATEST))
  );
}

/** True for a request that takes no offset that a transaction may still change. @param frame with its length */
export function asksStableOffsets(frame: Buffer): boolean {
  const { version, body } = requestOf(frame, offsetFetch);
  return apiCodec(offsetFetch, version).request.decode(body).requireStable;
}

function requestOf(frame: Buffer, table: Api): { readonly version: number; readonly body: Reader } {
  const body = new Reader(frame.subarray(4));
  body.int16();
  const version = body.int16();
  body.int32();
  body.string(false);
  if (isFlexible(table, version)) body.taggedFields(() => {});
  return { version, body };
}

/** The answer while the marker of the group's last transaction is late. @param frame with its length */
export function withLateOffsets(frame: Buffer, version: number, isStable: boolean, earlier: EarlierCommits): Buffer {
  const { head, body } = answerOf(frame, offsetFetch, version);
  const { response } = apiCodec(offsetFetch, version);
  const answer = response.decode(body);
  const topics = answer.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((each) => {
      const before = earlier.get(`${name}/${each.index}`);
      if (before === undefined) return each;
      return isStable ? { ...each, offset: -1, metadata: '', errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT } : { ...each, ...before };
    }),
  }));
  const writer = new Writer();
  response.encode(writer, { ...answer, topics });
  return framed(head, writer);
}

function answerOf(frame: Buffer, table: Api, version: number): { readonly head: Buffer; readonly body: Reader } {
  const length = 8 + (isFlexible(table, version) ? 1 : 0);
  return { head: frame.subarray(0, length), body: new Reader(frame.subarray(length)) };
}

function framed(head: Buffer, writer: Writer): Buffer {
  const bytes = Buffer.concat([head, ...writer.finish()]);
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}

/** The answer while the marker of the last transaction in every changelog is late. @param frame with its length */
export function withLateMarkers(frame: Buffer, version: number): Buffer {
  const { head, body } = answerOf(frame, listOffsets, version);
  const { response } = apiCodec(listOffsets, version);
  const answer = response.decode(body);
  const topics = answer.topics.map((topic) =>
    topic.name.endsWith('-changelog')
      ? { ...topic, partitions: topic.partitions.map((each) => ({ ...each, offset: Math.max(0, each.offset - BEHIND) })) }
      : topic,
  );
  const writer = new Writer();
  response.encode(writer, { ...answer, topics });
  return framed(head, writer);
}
