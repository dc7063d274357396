import { describe, expect, it } from 'vitest';
import { each } from '../../../src/agents/index.ts';
import type { ConfigError, StreamerError } from '../../../src/errors.ts';
import type { KafkaAdmin } from '../../../src/kafka/index.ts';
import { acceptedSpecs } from '../../../src/runtime/topology/changelog-topics.ts';
import { TopicWatch } from '../../../src/runtime/topology/topic-watch.ts';
import { CHANGELOG_CONFIGS } from '../../../src/tables/index.ts';
import { counts, stateTask } from '../support/tables.ts';

const orders = { name: 'orders', partitions: 2, internal: false };
const changelog = { name: 'shop-counts-changelog', partitions: 2, configs: CHANGELOG_CONFIGS, internal: true, changelogOf: 'counts' };
const together = [{ by: 'table "counts"', topics: ['orders', 'shop-counts-changelog'] }];

interface Found {
  readonly partitions?: number;
  readonly configs?: Record<string, string>;
}

function watch({ partitions = 2, configs = { 'cleanup.policy': 'compact', 'max.message.bytes': '2000' } }: Found): TopicWatch {
  const admin = {
    partitionCounts: async () =>
      new Map([
        ['orders', 2],
        ['shop-counts-changelog', partitions],
      ]),
    topicConfigs: async () => new Map([['shop-counts-changelog', configs]]),
    listTopics: async () => [],
  } as Partial<KafkaAdmin> as KafkaAdmin;
  return new TopicWatch(async () => admin, new AbortController().signal);
}

const failure = async (work: Promise<unknown>): Promise<ConfigError> => {
  try {
    await work;
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('it did not fail');
};

describe('a worker', () => {
  it('knows the largest record that a changelog takes, and is content with a plain one', async () => {
    const topics = watch({});
    await topics.check([orders, changelog], together);
    expect([topics.recordBytes('shop-counts-changelog'), topics.recordBytes('orders')]).toEqual([2_000, undefined]);
  });

  it.each(['delete', 'compact,delete'])('does not start where the cleanup policy of a changelog is %s', async (policy) => {
    const error = await failure(watch({ configs: { 'cleanup.policy': policy } }).check([orders, changelog], together));
    expect(error.problems).toEqual([
      `topic "shop-counts-changelog" has cleanup.policy ${policy}: the broker would delete entries of table "counts"`,
    ]);
    expect(error.next).toBe('Set it: streamer topics create -A <app> --alter-configs');
  });

  it('does not start where a changelog has other partitions than its topics, and does not advise to add some', async () => {
    const error = await failure(watch({ partitions: 1 }).check([orders, changelog], together));
    expect(error.problems[0]).toContain('"orders" (2), "shop-counts-changelog" (1)');
    expect(error.next).toMatch(/^A table keeps the partitions that it began with/);
  });
});

it('a changelog is created with the one config that it needs where the broker refuses the others', async () => {
  const admin = {
    checkTopics: async () => new Map([['shop-counts-changelog', 'segment.bytes is not supported']]),
  } as Partial<KafkaAdmin> as KafkaAdmin;
  const specs = await acceptedSpecs(admin, [orders, changelog]);
  expect(specs.map(({ configs }) => configs)).toEqual([undefined, { 'cleanup.policy': 'compact' }]);
});

it('an entry that is too large for the changelog is refused where it is written', async () => {
  const table = counts('counts', { shardBy: () => 'a' });
  table.recordBytes = 200;
  const seen: string[] = [];
  const { deliver, content } = await stateTask(
    [table],
    each(() => {
      for (const length of [64, 65]) {
        try {
          table.set('k'.repeat(length), 1);
        } catch (error) {
          seen.push(`${(error as StreamerError).code}: ${(error as Error).message}`);
        }
      }
    }),
  );
  await deliver('a');
  expect(seen).toEqual(['VALIDATION: table "counts": an entry of 73 bytes is too large: tasks-counts-changelog takes 72']);
  expect(Object.keys(content())).toEqual(['k'.repeat(64)]);
});
