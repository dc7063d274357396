import type { Request } from '../../wire/api.ts';
import { offsetCommit, offsetFetch } from '../../wire/apis/group.ts';
import { txnOffsetCommit } from '../../wire/apis/transaction.ts';
import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import type { Group } from '../groups/group.ts';
import { OffsetStore, type TopicOffset } from '../groups/offset-store.ts';
import { type Context, durableOutcome, failureOf, handler, outcomeOf, serve } from './handler.ts';
import { checkCoordinator } from './membership.ts';

const OFFSET_COMMIT = serve(
  offsetCommit,
  [2, 8],
  ['metadata up to 4,096 characters', 'offsets up to 2^53', 'committed offsets do not expire'],
);
const OFFSET_FETCH = serve(offsetFetch, [1, 8]);
const TXN_OFFSET_COMMIT = serve(txnOffsetCommit, [0, 3], ['as OffsetCommit']);

/** As Kafka's `offset.metadata.max.bytes`, which counts characters. */
const MAX_METADATA = 4096;

type CommitRequest = Request<typeof offsetCommit>;
type Commit = CommitRequest['topics'][number]['partitions'][number];
type Wanted = readonly { readonly name: string; readonly partitions: readonly number[] }[] | null;

export const handleOffsetCommit = handler(OFFSET_COMMIT, (request, context) =>
  commit(request, context, {
    group: () => committer(request, context),
    keep: (group, offsets) => context.cluster.groups.commit(group, offsets),
  }),
);

/** Kept until the transaction ends. */
export const handleTxnOffsetCommit = handler(TXN_OFFSET_COMMIT, (request, context) =>
  commit(request, context, {
    group: () => transactionalCommitter(request, context),
    keep: (group, offsets) => context.cluster.groups.hold(group, offsets, request.producerId),
  }),
);

interface Committing {
  /** The group, if the client may commit its offsets. @throws Refusal */
  readonly group: () => Group;
  readonly keep: (group: Group, offsets: readonly TopicOffset[]) => void;
}

async function commit(request: Pick<CommitRequest, 'topics'>, context: Context, committing: Committing) {
  const { group, errorCode } = allowed(committing.group);
  const accepted: TopicOffset[] = [];
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((commit) => {
      const { errorCode: own } = outcomeOf(() => accepted.push(checkOffset(name, commit, context)));
      const isUnknown = own === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      return { index: commit.index, errorCode: group === undefined && !isUnknown ? errorCode : own };
    }),
  }));
  if (group === undefined) return { topics };
  const { errorCode: kept } = await durableOutcome(context.cluster, () => committing.keep(group, accepted));
  return { topics: kept === ErrorCode.NONE ? topics : topics.map((topic) => refuseAccepted(topic)) };
}

interface AnsweredTopic {
  readonly name: string;
  readonly partitions: readonly { readonly index: number; readonly errorCode: number }[];
}

/** A failed disk is answered as by Kafka: clients look for the coordinator again, and repeat the commit. */
function refuseAccepted({ name, partitions }: AnsweredTopic): AnsweredTopic {
  return {
    name,
    partitions: partitions.map(({ index, errorCode }) => ({ index, errorCode: errorCode || ErrorCode.NOT_COORDINATOR })),
  };
}

function allowed(find: () => Group): { group?: Group; errorCode: number } {
  try {
    return { group: find(), errorCode: ErrorCode.NONE };
  } catch (error) {
    return failureOf(error);
  }
}

function committer(request: CommitRequest, context: Context): Group {
  checkCoordinator(context, request.groupId);
  const group = groupFor(request, context);
  group.checkCommit(request);
  return group;
}

function transactionalCommitter(request: Request<typeof txnOffsetCommit>, context: Context): Group {
  checkCoordinator(context, request.groupId);
  context.cluster.transactions.checkGroup(request, request.groupId);
  const group = groupFor(request, context);
  group.checkTransactionalCommit(request);
  return group;
}

/** A group that does not exist is created for a client that is not a member. @throws Refusal ILLEGAL_GENERATION, POLICY_VIOLATION */
function groupFor({ groupId, generationId }: { groupId: string; generationId: number }, { cluster }: Context): Group {
  const known = cluster.groups.get(groupId);
  if (known === undefined && generationId >= 0) throw new Refusal('ILLEGAL_GENERATION', `there is no group ${groupId}`);
  return known ?? cluster.groups.getOrCreate(groupId);
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

export const handleOffsetFetch = handler(OFFSET_FETCH, (request, context) => {
  const { groupId, topics, groups, requireStable } = request;
  if (context.version < 8) return { groupId, ...fetchGroup(groupId, topics, requireStable, context) };
  return { groups: groups.map((one) => ({ groupId: one.groupId, ...fetchGroup(one.groupId, one.topics, requireStable, context) })) };
});

function fetchGroup(groupId: string, topics: Wanted, requireStable: boolean, context: Context) {
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
        ...(isAllowed ? committedOffset(offsets, name, index, requireStable) : { errorCode, offset: -1, metadata: '' }),
      })),
    })),
  };
}

/** A client that asks for stable offsets waits while a transaction may change them (KIP-447). */
function committedOffset(offsets: OffsetStore, topic: string, index: number, requireStable: boolean) {
  if (requireStable && offsets.isPending(topic, index)) return { errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT, offset: -1, metadata: '' };
  return { errorCode: ErrorCode.NONE, ...offsets.get(topic, index) };
}
