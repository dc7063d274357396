import type { KafkaAdmin } from '../../client.ts';
import { wrapped } from '../errors.ts';
import type { AdminSession } from './session.ts';

type ConfigAdmin = Pick<KafkaAdmin, 'topicConfigs' | 'alterConfigs'>;
type Configs = Readonly<Record<string, string>>;
/** By where a config's value comes from. */
type Wanted = (source: number | undefined) => boolean;

const TOPIC_RESOURCE = 2;
/** https://kafka.apache.org/protocol#The_Messages_DescribeConfigs */
const TOPIC_SOURCE = 1;

export const EVERY_SOURCE: Wanted = () => true;
const SET_ON_TOPIC: Wanted = (source) => source === TOPIC_SOURCE;

/** Settings of topics. */
export function configAdmin(session: AdminSession): ConfigAdmin {
  return {
    topicConfigs: (topics) => readConfigs(session, topics, EVERY_SOURCE),

    /** The request that kafkajs knows replaces all configs of the topic: those that are set go along. */
    async alterConfigs(topic, configs) {
      const set = (await readConfigs(session, [topic])).get(topic) ?? {};
      const configEntries = Object.entries({ ...set, ...configs }).map(([name, value]) => ({ name, value }));
      const request = { resources: [{ type: TOPIC_RESOURCE, name: topic, configEntries }], validateOnly: false };
      await wrapped(`altering configs of topic "${topic}"`, () => session.admin.alterConfigs(request), { topic });
    },
  };
}

/** By topic. @param wanted @default those that are set on the topic */
export async function readConfigs(
  { admin }: AdminSession,
  topics: readonly string[],
  wanted = SET_ON_TOPIC,
): Promise<Map<string, Configs>> {
  if (topics.length === 0) return new Map();
  const resources = topics.map((name) => ({ type: TOPIC_RESOURCE, name }));
  const answer = await wrapped('reading the configs of topics', () => admin.describeConfigs({ resources, includeSynonyms: false }));
  return new Map(
    answer.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(
        configEntries.filter(({ configSource }) => wanted(configSource)).map(({ configName, configValue }) => [configName, configValue]),
      ),
    ]),
  );
}
