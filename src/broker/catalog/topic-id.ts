import { createHash, randomBytes } from 'node:crypto';

/** Ids of topics, as Kafka prints them: 16 bytes in base64url (KIP-516). */

export const NO_TOPIC_ID = 'A'.repeat(22);

/** As Kafka, none that begins with a dash: command lines would take it for an option. */
export function randomTopicId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-') && id !== NO_TOPIC_ID) return id;
  }
}

/** Of a topic that was made before topics had ids: the same one at every start. */
export function derivedTopicId(clusterId: string, name: string): string {
  return createHash('sha256').update(`${clusterId}/${name}`).digest().subarray(0, 16).toString('base64url');
}
