import { heartbeat, joinGroup, leaveGroup, syncGroup } from '../../wire/apis/group.ts';
import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import type { Group } from '../groups/group.ts';
import { type Context, failureOf, handler, outcomeOf, serve } from './handler.ts';

const JOIN_GROUP = serve(
  joinGroup,
  [2, 6],
  ['the classic protocol', 'session time-outs from `limits.minSessionMs` to `limits.maxSessionMs`', '`limits.groupMembers` members'],
);
const SYNC_GROUP = serve(syncGroup, [0, 5]);
const HEARTBEAT = serve(heartbeat, [0, 4]);
const LEAVE_GROUP = serve(leaveGroup, [0, 4]);

export const handleJoinGroup = handler(JOIN_GROUP, async (request, context) => {
  const { cluster, version, clientId, clientHost } = context;
  const { minSessionMs, maxSessionMs } = cluster.settings.limits;
  try {
    checkGroup(context, request.groupId);
    if (request.sessionTimeoutMs < minSessionMs || request.sessionTimeoutMs > maxSessionMs) {
      throw new Refusal(
        'INVALID_SESSION_TIMEOUT',
        `a session time-out of ${request.sessionTimeoutMs} ms is not in [${minSessionMs}, ${maxSessionMs}]`,
      );
    }
    const group = request.memberId === '' ? cluster.groups.getOrCreate(request.groupId) : knownGroup(context, request.groupId);
    return await group.join({ ...request, instanceId: request.groupInstanceId, clientId, clientHost, requiresMemberId: version >= 4 });
  } catch (error) {
    return { errorCode: failureOf(error).errorCode, protocolName: '', leader: '', memberId: request.memberId, members: [] };
  }
});

export const handleSyncGroup = handler(SYNC_GROUP, async (request, context) => {
  try {
    checkGroup(context, request.groupId);
    const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)]));
    const protocol = { type: request.protocolType, name: request.protocolName };
    if (context.version >= 5 && (protocol.type === null || protocol.name === null)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', 'from version 5 on a sync names its protocol');
    }
    return await knownGroup(context, request.groupId).sync(request, assignments, protocol);
  } catch (error) {
    return { errorCode: failureOf(error).errorCode, assignment: Buffer.alloc(0) };
  }
});

export const handleHeartbeat = handler(HEARTBEAT, (request, context) => {
  const { errorCode } = outcomeOf(() => {
    checkGroup(context, request.groupId);
    knownGroup(context, request.groupId).heartbeat(request);
  });
  return { errorCode };
});

export const handleLeaveGroup = handler(LEAVE_GROUP, (request, context) => {
  const leaving = context.version < 3 ? [{ memberId: request.memberId, groupInstanceId: null }] : request.members;
  try {
    checkGroup(context, request.groupId);
    const group = context.cluster.groups.get(request.groupId);
    const members = leaving.map((member) => ({ ...member, errorCode: leave(group, member) }));
    return { errorCode: context.version < 3 ? (members[0]?.errorCode ?? ErrorCode.NONE) : ErrorCode.NONE, members };
  } catch (error) {
    return { errorCode: failureOf(error).errorCode, members: [] };
  }
});

function leave(group: Group | undefined, { memberId, groupInstanceId }: { memberId: string; groupInstanceId: string | null }): number {
  return group === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : outcomeOf(() => group.leave(memberId, groupInstanceId)).errorCode;
}

/** Members need a group with a name; offsets alone may be kept under the empty one. @throws Refusal INVALID_GROUP_ID, NOT_COORDINATOR */
function checkGroup(context: Context, groupId: string): void {
  if (groupId === '') throw new Refusal('INVALID_GROUP_ID', 'a group needs an id');
  checkCoordinator(context, groupId);
}

/** @throws Refusal NOT_COORDINATOR */
export function checkCoordinator({ cluster, node }: Context, groupId: string): void {
  const coordinator = cluster.coordinatorOf(groupId);
  if (coordinator.id !== node.id) throw new Refusal('NOT_COORDINATOR', `node ${coordinator.id} coordinates group ${groupId}`);
}

/** @throws Refusal UNKNOWN_MEMBER_ID, as Kafka says when a member speaks of a group that is not there */
function knownGroup({ cluster }: Context, groupId: string): Group {
  const group = cluster.groups.get(groupId);
  if (group === undefined) throw new Refusal('UNKNOWN_MEMBER_ID', `there is no group ${groupId}`);
  return group;
}
