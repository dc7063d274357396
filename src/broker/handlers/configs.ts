import type { Request } from '../../wire/api.ts';
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from '../../wire/apis/config.ts';
import { Refusal } from '../../wire/error-code.ts';
import type { Topic } from '../catalog/topic.ts';
import { ConfigType, checkConfig, TOPIC_CONFIGS } from '../catalog/topic-configs.ts';
import { checkName } from '../catalog/topics.ts';
import type { Cluster } from '../cluster.ts';
import { brokerSettings, type DescribedSetting, topicSettings } from './described-settings.ts';
import { durableOutcome, failureOf, handler, SUCCESS, serve } from './handler.ts';

const DESCRIBE_CONFIGS = serve(describeConfigs, [1, 4], ['topics and brokers', 'no documentation of settings']);
const ALTER_CONFIGS = serve(alterConfigs, [0, 2], ['topics']);
const INCREMENTAL_ALTER_CONFIGS = serve(incrementalAlterConfigs, [0, 1], ['topics']);

const TOPIC = 2;
const BROKER = 4;

const Operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

type Resource = Request<typeof describeConfigs>['resources'][number];

export const handleDescribeConfigs = handler(DESCRIBE_CONFIGS, ({ resources, includeSynonyms }, { cluster }) => ({
  results: resources.map((resource) => {
    const { type, name } = resource;
    try {
      const found = settingsOf(cluster, resource).filter((setting) => !resource.keys?.length || resource.keys.includes(setting.name));
      return { type, name, ...SUCCESS, configs: includeSynonyms ? found : found.map((setting) => ({ ...setting, synonyms: [] })) };
    } catch (error) {
      return { type, name, ...failureOf(error), configs: [] };
    }
  }),
}));

function settingsOf(cluster: Cluster, { type, name }: Resource): readonly DescribedSetting[] {
  if (type === TOPIC) {
    checkName(name);
    return topicSettings(cluster.topics.require(name));
  }
  if (type === BROKER) return brokerSettings(cluster, name);
  throw new Refusal('INVALID_REQUEST', `resource type ${type} is not served, only topics (${TOPIC}) and brokers (${BROKER})`);
}

export const handleAlterConfigs = handler(ALTER_CONFIGS, async ({ resources, validateOnly }, { cluster }) => ({
  results: await Promise.all(
    resources.map(async ({ type, name, configs }) => ({
      type,
      name,
      ...(await durableOutcome(cluster, () => {
        const topic = alterable(cluster, type, name);
        const settings = new Map(configs.map((config) => [config.name, checkAltered(config.name, config.value)]));
        cluster.topics.configure(topic, settings, validateOnly);
      })),
    })),
  ),
}));

export const handleIncrementalAlterConfigs = handler(INCREMENTAL_ALTER_CONFIGS, async ({ resources, validateOnly }, { cluster }) => ({
  results: await Promise.all(
    resources.map(async ({ type, name, configs }) => ({
      type,
      name,
      ...(await durableOutcome(cluster, () => {
        checkNamedOnce(resources, { type, name, configs });
        const topic = alterable(cluster, type, name);
        const settings = new Map(topic.ownSettings());
        for (const change of configs) applyChange(topic, settings, change);
        cluster.topics.configure(topic, settings, validateOnly);
      })),
    })),
  ),
}));

type Altered = Request<typeof incrementalAlterConfigs>['resources'][number];

/** The order of contradicting changes would decide. @throws Refusal INVALID_REQUEST */
function checkNamedOnce(all: readonly Altered[], { type, name, configs }: Altered): void {
  if (all.filter((other) => other.type === type && other.name === name).length > 1)
    throw new Refusal('INVALID_REQUEST', 'Each resource must appear at most once.');
  if (new Set(configs.map((config) => config.name)).size < configs.length)
    throw new Refusal('INVALID_REQUEST', 'Error due to duplicate config keys');
}

function alterable(cluster: Cluster, type: number, name: string): Topic {
  if (type === TOPIC && name !== '') return cluster.topics.require(name);
  throw new Refusal('INVALID_REQUEST', 'only the settings of topics can be altered');
}

/** A null is an ill-formed request here, where it is a wrong value at a topic's creation. @throws Refusal */
function checkAltered(name: string, value: string | null): string {
  if (value === null) throw new Refusal('INVALID_REQUEST', `Null value not supported for topic config ${name}`);
  return checkConfig(name, value);
}

interface Change {
  readonly name: string;
  readonly operation: number;
  readonly value: string | null;
}

function applyChange(topic: Topic, settings: Map<string, string>, { name, operation, value }: Change): void {
  if (operation === Operation.DELETE) {
    settings.delete(name);
    return;
  }
  if (operation === Operation.SET) {
    settings.set(name, checkAltered(name, value));
    return;
  }
  if (operation !== Operation.APPEND && operation !== Operation.SUBTRACT)
    throw new Refusal('INVALID_REQUEST', `there is no operation ${operation}`);
  if (TOPIC_CONFIGS[name]?.type !== ConfigType.LIST) throw new Refusal('INVALID_CONFIG', `${name} is not a list`);
  const now = (settings.get(name) ?? topic.fallback(name)).split(',').filter((one) => one !== '');
  const given = (value ?? '').split(',');
  const kept = now.filter((one) => !given.includes(one));
  settings.set(name, checkConfig(name, (operation === Operation.APPEND ? [...kept, ...given] : kept).join(',')));
}
