import { KafkaError } from '../../errors.ts';
import type { KafkaClientOptions } from '../client.ts';

/** An action, by its name in Kafka's ACLs: https://kafka.apache.org/documentation/#security_authz_primitives */
export type Operation = 'Read' | 'Write' | 'Describe' | 'Create' | 'IdempotentWrite';

export interface Wanted {
  readonly operation: Operation;
  readonly topics?: readonly string[];
  readonly group?: string;
}

const REFUSALS = new Set(['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED']);

/** Returns the error with the user and the missing ACL if a right is missing; any other error unchanged. */
export function explainRefusal(error: KafkaError, { sasl }: KafkaClientOptions, wanted: Wanted): KafkaError {
  if (!REFUSALS.has(error.kafkaCode ?? '')) return error;
  const user = sasl?.username ?? 'ANONYMOUS';
  const { what, option } = resourceOf(error.kafkaCode, wanted);
  const { operation } = wanted;
  const next = `User "${user}" lacks the ACL ${operation} on ${what}: kafka-acls --add --allow-principal User:${user} --operation ${operation} ${option}`;
  const { reason, kafkaCode, retryable, place, cause } = error;
  const named = error.message.includes(what) ? error.message : `${error.message}: ${what}`;
  return new KafkaError(reason, named, { ...place, kafkaCode, retryable, cause, next });
}

function resourceOf(kafkaCode: string | undefined, { topics = [], group = '' }: Wanted): { what: string; option: string } {
  if (kafkaCode === 'GROUP_AUTHORIZATION_FAILED') return { what: `group "${group}"`, option: `--group '${group}'` };
  if (kafkaCode === 'CLUSTER_AUTHORIZATION_FAILED')
    return { what: 'the cluster (which Write on any topic brings along)', option: '--cluster' };
  const [topic = ''] = topics;
  if (topics.length === 1) return { what: `topic "${topic}"`, option: `--topic '${topic}'` };
  return { what: `one of the topics ${topics.map((each) => `"${each}"`).join(', ')}`, option: '--topic <name>' };
}
