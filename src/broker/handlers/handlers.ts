import { handleAlterConfigs, handleDescribeConfigs, handleIncrementalAlterConfigs } from './configs.ts';
import { handleFetch } from './fetch.ts';
import { handleOffsetCommit, handleOffsetFetch, handleTxnOffsetCommit } from './group-offsets.ts';
import { handleDeleteGroups, handleDescribeGroups, handleFindCoordinator, handleListGroups } from './groups.ts';
import type { Handler } from './handler.ts';
import { handleHeartbeat, handleJoinGroup, handleLeaveGroup, handleSyncGroup } from './membership.ts';
import { handleApiVersions, handleDescribeCluster, handleMetadata } from './metadata.ts';
import { handleDeleteRecords, handleListOffsets, handleOffsetForLeaderEpoch } from './offsets.ts';
import { handleProduce } from './produce.ts';
import { handleCreateAcls, handleDeleteAcls, handleDescribeAcls } from './security.ts';
import { handleCreatePartitions, handleCreateTopics, handleDeleteTopics } from './topics.ts';
import {
  handleAddOffsetsToTxn,
  handleAddPartitionsToTxn,
  handleDescribeProducers,
  handleDescribeTransactions,
  handleEndTxn,
  handleInitProducerId,
  handleListTransactions,
} from './transactions.ts';

/** Everything that is served and advertised. */
export const HANDLERS: readonly Handler[] = [
  handleProduce,
  handleFetch,
  handleListOffsets,
  handleMetadata,
  handleOffsetCommit,
  handleOffsetFetch,
  handleFindCoordinator,
  handleJoinGroup,
  handleHeartbeat,
  handleLeaveGroup,
  handleSyncGroup,
  handleDescribeGroups,
  handleListGroups,
  handleApiVersions(() => HANDLERS),
  handleCreateTopics,
  handleDeleteTopics,
  handleDeleteRecords,
  handleInitProducerId,
  handleOffsetForLeaderEpoch,
  handleAddPartitionsToTxn,
  handleAddOffsetsToTxn,
  handleEndTxn,
  handleTxnOffsetCommit,
  handleDescribeAcls,
  handleCreateAcls,
  handleDeleteAcls,
  handleDescribeConfigs,
  handleAlterConfigs,
  handleCreatePartitions,
  handleDeleteGroups,
  handleIncrementalAlterConfigs,
  handleDescribeCluster,
  handleDescribeProducers,
  handleDescribeTransactions,
  handleListTransactions,
];

const byKey = new Map(HANDLERS.map((handler) => [handler.api.key, handler]));

export function handlerFor(key: number): Handler | undefined {
  return byKey.get(key);
}
