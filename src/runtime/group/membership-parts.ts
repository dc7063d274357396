import type { Settings } from '../../config/index.ts';
import type { KafkaAdmin, KafkaClient } from '../../kafka/index.ts';
import type { Services } from '../services.ts';
import type { TopicWatch } from '../topology/topic-watch.ts';
import type { Plan } from './assignment.ts';
import type { Stateful } from './stateful.ts';

export interface MembershipParts {
  readonly groupId: string;
  readonly settings: Settings;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  /** The next call of `admin` gets a new connection: on one that broke unseen, requests wait for long. */
  readonly renewAdmin: () => void;
  readonly topicWatch: TopicWatch;
  readonly services: Services;
  readonly plan: Plan;
  /** Groups of several topics that are read together. */
  readonly coPartitioned: ReadonlyArray<readonly string[]>;
  /** Set for an app with tables, and open before the first `join`. */
  readonly stateful?: Stateful | undefined;
  /** Aborted when nothing is worth waiting for any more. */
  readonly closing: AbortSignal;
  /** Aborted by a caller that does not want to wait for the drain. */
  readonly giveUp: AbortSignal;
  /** An assignment has been taken over. */
  readonly onAssigned: () => void;
}
