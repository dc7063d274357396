import type { KafkaAdmin, KafkaClientOptions } from '../../client.ts';
import { groupAdmin } from './groups.ts';
import { recordAdmin } from './records.ts';
import { AdminSession } from './session.ts';
import { configAdmin } from './topic-configs.ts';
import { topicAdmin } from './topics.ts';

export interface ClosableAdmin extends KafkaAdmin {
  close(): Promise<void>;
}

export async function createAdmin(options: KafkaClientOptions): Promise<ClosableAdmin> {
  const session = new AdminSession(options);
  await session.open();
  return {
    ...topicAdmin(session),
    ...configAdmin(session),
    ...recordAdmin(session),
    ...groupAdmin(session),
    close: () => session.close(),
  };
}
