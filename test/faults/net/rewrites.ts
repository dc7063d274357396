import { type Api, apiCodec, isFlexible } from '../../../src/wire/api.ts';
import { listOffsets } from '../../../src/wire/apis/data.ts';
import { offsetFetch } from '../../../src/wire/apis/group.ts';
import { txnOffsetCommit } from '../../../src/wire/apis/transaction.ts';
import type { Decoded, Fields } from '../../../src/wire/field.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';

/** Makes another request of a request; all others go on as they are. @param frame with its length */
export type Rewrite = (frame: Buffer) => Buffer;

const COMMITTED = 1;

/** Bugs of a worker that show in what it asks for: the proxy asks so in its place. */
export const REWRITES = {
  /** Positions are read while a transaction still holds some of them. */
  'plain-offsets': rewriting(offsetFetch, (request) => ({ ...request, requireStable: false })),
  /** A restore ends where committed records end, though the marker of a committed transaction may be late. */
  'restore-to-stable-end': rewriting(listOffsets, (request) =>
    request.topics.every(({ name }) => name.endsWith('-changelog')) ? { ...request, isolationLevel: COMMITTED } : request,
  ),
  /** What is finished beyond the position is not committed whole: all but its first run is left out. */
  'short-map': rewriting(txnOffsetCommit, (request) => ({
    ...request,
    topics: request.topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((each) => ({ ...each, metadata: withoutMaps(each.metadata) })),
    })),
  })),
  /** Any process may commit, also one whose partitions have gone to another. */
  'no-generation': rewriting(txnOffsetCommit, (request) => ({ ...request, generationId: -1, memberId: '', groupInstanceId: null })),
} as const satisfies Readonly<Record<string, Rewrite>>;

function withoutMaps(metadata: string | null): string | null {
  return metadata?.startsWith('s2;') ? metadata.split(';').slice(0, 4).join(';') : metadata;
}

function rewriting<Q extends Fields, S extends Fields>(table: Api<Q, S>, change: (request: Decoded<Q>) => Decoded<Q>): Rewrite {
  return (frame) => {
    if (frame.readInt16BE(4) !== table.key) return frame;
    const version = frame.readInt16BE(6);
    const body = new Reader(frame.subarray(4));
    body.int16();
    body.int16();
    body.int32();
    body.string(false);
    if (isFlexible(table, version)) body.taggedFields(() => {});
    const { request } = apiCodec(table, version);
    const head = frame.subarray(0, frame.length - body.remaining);
    const writer = new Writer();
    request.encode(writer, change(request.decode(body)) as never);
    const rewritten = Buffer.concat([head, ...writer.finish()]);
    rewritten.writeInt32BE(rewritten.length - 4, 0);
    return rewritten;
  };
}
