import { findCoordinator } from '../../wire/apis/group.ts';
import { ErrorCode, errorName } from '../../wire/error-code.ts';
import type { Broker, Cluster } from './cluster.ts';
import { codeError } from './errors.ts';
import { request } from './request.ts';

/** Numbers of a FindCoordinator request. https://kafka.apache.org/protocol#The_Messages_FindCoordinator */
const KINDS = { group: 0, transaction: 1 } as const;

export type CoordinatorKind = keyof typeof KINDS;

/**
 * The broker that coordinates a group or a transactional id.
 *
 * @throws KafkaError (rejects) with the broker's reason: `retry` while no broker does, `fatal` where the right is missing
 */
export async function coordinatorOf(cluster: Cluster, kind: CoordinatorKind, key: string): Promise<Broker> {
  const any = await cluster.brokerPool.findConnectedBroker();
  const answer = await request(any, findCoordinator, { key, keys: [key], keyType: KINDS[kind] });
  // From version 4 on an answer holds one coordinator for each key.
  const { errorCode, nodeId } = answer.coordinators[0] ?? answer;
  if (errorCode !== ErrorCode.NONE) throw codeError(errorName(errorCode), `looking for the coordinator of ${kind} "${key}"`);
  return cluster.findBroker({ nodeId }).catch(async (error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'KafkaJSBrokerNotFound') throw error;
    await cluster.refreshMetadata();
    return cluster.findBroker({ nodeId });
  });
}
