import type { Group } from '../groups/group.ts';
import type { TopicOffset } from '../groups/groups.ts';
import { OffsetStore } from '../groups/offset-store.ts';
import type { Request } from '../protocol/api.ts';
import { offsetCommit, offsetFetch } from '../protocol/apis/group.ts';
import { ErrorCode, Refusal } from '../protocol/error-code.ts';
import { type Context, durableOutcome, failureOf, handler, outcomeOf } from './handler.ts';
import { checkCoordinator } from './membership.ts';

/** As Kafka's `offset.metadata.max.bytes`, which counts characters. */
const MAX_METADATA = 4096;

type CommitRequest = Request<typeof offsetCommit>;
type Commit = CommitRequest['topics'][number]['partitions'][number];
type Wanted = readonly { readonly name: string; readonly partitions: readonly number[] }[] | null;

export const handleOffsetCommit = handler(offsetCommit, async (request, context) => {
  const { group, errorCode } = committer(request, context);
  const accepted: TopicOffset[] = [];
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((commit) => {
      if (group === undefined) return { index: commit.index, errorCode };
      const { errorCode: own } = outcomeOf(() => accepted.push(checkOffset(name, commit, context)));
      return { index: commit.index, errorCode: own };
    }),
  }));
  if (group === undefined) return { topics };
  const { errorCode: kept } = await durableOutcome(context.cluster, () => context.cluster.groups.commit(group, accepted));
  return { topics: kept === ErrorCode.NONE ? topics : topics.map((topic) => refuseAccepted(topic)) };
});

interface AnsweredTopic {
  readonly name: string;
  readonly partitions: readonly { readonly index: number; readonly errorCode: number }[];
}

/** As Kafka tells a failed disk to who commits: clients ask for the coordinator again, and commit again. */
function refuseAccepted({ name, partitions }: AnsweredTopic): AnsweredTopic {
  return {
    name,
    partitions: partitions.map(({ index, errorCode }) => ({ index, errorCode: errorCode || ErrorCode.NOT_COORDINATOR })),
  };
}

function committer(request: CommitRequest, context: Context): { group?: Group; errorCode: number } {
  try {
    checkCoordinator(context, request.groupId);
    const known = context.cluster.groups.get(request.groupId);
    if (known === undefined && request.generationId >= 0) throw new Refusal('ILLEGAL_GENERATION', `there is no group ${request.groupId}`);
    const group = known ?? context.cluster.groups.getOrCreate(request.groupId);
    group.checkCommit(request);
    return { group, errorCode: ErrorCode.NONE };
  } catch (error) {
    return failureOf(error);
  }
}

/** @throws Refusal for an offset that may not be committed */
function checkOffset(topic: string, { index, offset, leaderEpoch, metadata }: Commit, { cluster }: Context): TopicOffset {
  cluster.topics.partition(topic, index);
  if (metadata !== null && metadata.length > MAX_METADATA) {
    throw new Refusal('OFFSET_METADATA_TOO_LARGE', `${metadata.length} characters of metadata are over the limit of ${MAX_METADATA}`);
  }
  if (!Number.isSafeInteger(offset)) throw new Refusal('INVALID_COMMIT_OFFSET_SIZE', `offset ${offset} is beyond 2^53`);
  return { topic, partition: index, offset, leaderEpoch, metadata: metadata ?? '' };
}

export const handleOffsetFetch = handler(offsetFetch, (request, context) => {
  if (context.version < 8) return { groupId: request.groupId, ...fetchGroup(request.groupId, request.topics, context) };
  return { groups: request.groups.map(({ groupId, topics }) => ({ groupId, ...fetchGroup(groupId, topics, context) })) };
});

function fetchGroup(groupId: string, topics: Wanted, context: Context) {
  const { errorCode } = outcomeOf(() => checkCoordinator(context, groupId));
  const offsets = context.cluster.groups.get(groupId)?.offsets ?? new OffsetStore();
  const wanted: Wanted =
    topics ?? offsets.all().map(({ name, partitions }) => ({ name, partitions: partitions.map(({ index }) => index) }));
  const isAllowed = errorCode === ErrorCode.NONE;
  return {
    errorCode,
    topics: wanted.map(({ name, partitions }) => ({
      name,
      // Version 1 has no error of its own: each partition carries it.
      partitions: partitions.map((index) => ({
        index,
        errorCode,
        ...(isAllowed ? offsets.get(name, index) : { offset: -1, metadata: '' }),
      })),
    })),
  };
}
