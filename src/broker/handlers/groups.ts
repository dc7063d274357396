import { deleteGroups, describeGroups, findCoordinator, listGroups } from '../../wire/apis/group.ts';
import { ErrorCode } from '../../wire/error-code.ts';
import type { Group } from '../groups/group.ts';
import { type Context, durableOutcome, failureOf, handler, serve } from './handler.ts';
import { checkCoordinator } from './membership.ts';

const FIND_COORDINATOR = serve(findCoordinator, [0, 4], ['groups and transactions; no share groups']);
const LIST_GROUPS = serve(listGroups, [0, 4], ['each node lists the groups that it coordinates']);
const DESCRIBE_GROUPS = serve(describeGroups, [0, 5], ['no authorized operations']);
const DELETE_GROUPS = serve(deleteGroups, [0, 2], ['groups without members']);

const GROUP_KEY = 0;
const TRANSACTION_KEY = 1;
const NOWHERE = { nodeId: -1, host: '', port: -1 };

export const handleFindCoordinator = handler(FIND_COORDINATOR, (request, context) => {
  if (context.version < 4) return coordinator(request.key, request.keyType, context);
  return { coordinators: request.keys.map((key) => ({ key, ...coordinator(key, request.keyType, context) })) };
});

function coordinator(key: string, keyType: number, { cluster }: Context) {
  if (keyType !== GROUP_KEY && keyType !== TRANSACTION_KEY) {
    return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `there is no coordinator of type ${keyType}`, ...NOWHERE };
  }
  const { id, host, port } = cluster.coordinatorOf(key);
  return { errorCode: ErrorCode.NONE, errorMessage: null, nodeId: id, host, port };
}

/** Each node lists the groups that it coordinates; clients ask them all. */
export const handleListGroups = handler(LIST_GROUPS, ({ states }, { cluster, node }) => ({
  errorCode: ErrorCode.NONE,
  groups: cluster.groups
    .all()
    .filter((group) => cluster.coordinatorOf(group.id).id === node.id)
    .filter((group) => states.length === 0 || states.some((state) => state.toLowerCase() === group.state.toLowerCase()))
    .map((group) => ({ groupId: group.id, protocolType: group.protocolType, state: group.state })),
}));

export const handleDescribeGroups = handler(DESCRIBE_GROUPS, ({ groups }, context) => ({
  groups: groups.map((groupId) => {
    try {
      checkCoordinator(context, groupId);
      const group = context.cluster.groups.get(groupId);
      return group === undefined ? absent(groupId, ErrorCode.NONE) : describe(group);
    } catch (error) {
      return absent(groupId, failureOf(error).errorCode);
    }
  }),
}));

function absent(groupId: string, errorCode: number) {
  return { errorCode, groupId, state: errorCode === ErrorCode.NONE ? 'Dead' : '', protocolType: '', protocol: '', members: [] };
}

function describe(group: Group) {
  const members = group.describeMembers().map(({ info, assignment }) => ({
    memberId: info.id,
    groupInstanceId: info.instanceId,
    clientId: info.clientId,
    clientHost: info.clientHost,
    metadata: info.protocols.find(({ name }) => name === group.protocolName)?.metadata ?? Buffer.alloc(0),
    assignment,
  }));
  return {
    errorCode: ErrorCode.NONE,
    groupId: group.id,
    state: group.state,
    protocolType: group.protocolType,
    protocol: group.protocolName,
    members,
  };
}

export const handleDeleteGroups = handler(DELETE_GROUPS, async ({ groups }, context) => ({
  results: await Promise.all(
    groups.map(async (groupId) => {
      const { errorCode } = await durableOutcome(context.cluster, () => {
        checkCoordinator(context, groupId);
        context.cluster.groups.delete(groupId);
      });
      return { groupId, errorCode };
    }),
  ),
}));
