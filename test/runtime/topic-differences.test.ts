import { afterEach, expect, it } from 'vitest';
import { each } from '../../src/index.ts';
import { configureLogging } from '../../src/observe/index.ts';
import { topicDifferences } from '../../src/runtime/index.ts';
import { createTopicsOf, testAppOf } from '../helpers/app.ts';
import { createTopic } from '../helpers/broker.ts';

afterEach(() => configureLogging({ level: 'error', format: 'plain', write: () => {} }));

it('a worker tells at its start which topics are not as they are declared, and what to run', async () => {
  const lines: string[] = [];
  configureLogging({ level: 'warning', format: 'plain', write: (line) => void lines.push(line) });
  const name = await createTopic('differs', { partitions: 1, configs: { 'retention.ms': '1000' } });
  const app = testAppOf('differs');
  const topic = app.topic(name, { partitions: 2, configs: { 'retention.ms': '2000', 'cleanup.policy': 'delete' } });
  app.agent(
    'read',
    topic,
    each(() => {}),
  );
  await createTopicsOf(app);
  await app.start();
  await app.stop();
  const text = lines.join('');
  expect(text).toContain(`topic "${name}" has 1 partition, the app declares 2; retention.ms is 1000, the app declares 2000`);
  expect(text).toContain('streamer topics create -A <app> --dry-run --add-partitions');
  expect(text).not.toContain('.dlq');
  expect(text).not.toContain('cleanup.policy');
});

it('what is not known of a topic is not compared, nor what was not asked for', () => {
  const spec = { name: 't', partitions: 2, replicationFactor: 3, configs: { a: '1', b: '2' } };
  expect(topicDifferences(spec, { partitions: 2 })).toEqual([]);
  expect(topicDifferences(spec, { partitions: 2, replicationFactor: 1, configs: { a: '1', c: '3' } }).map(({ text }) => text)).toEqual([
    'replication factor is 1, the app declares 3',
    'b is not set, the app declares 2',
  ]);
});

it('the same in other words is no difference', () => {
  const wanted = { 'cleanup.policy': 'delete,compact', 'retention.ms': '01000', 'min.cleanable.dirty.ratio': '0.50', preallocate: 'TRUE' };
  const there = { 'cleanup.policy': 'compact, delete', 'retention.ms': '1000', 'min.cleanable.dirty.ratio': '0.5', preallocate: 'true' };
  expect(topicDifferences({ name: 't', partitions: 1, configs: wanted }, { partitions: 1, configs: there })).toEqual([]);
  const other = { ...there, 'cleanup.policy': 'compact', 'retention.ms': '10000' };
  const { length } = topicDifferences({ name: 't', partitions: 1, configs: wanted }, { partitions: 1, configs: other });
  expect(length).toBe(2);
});

it('options that are misspelt or of another kind are refused where they are given', () => {
  const configs = { 'retention.ms': 1000 as never };
  expect(() => testAppOf('differs').topic('t', { configs } as never)).toThrow(
    /configs\.retention\.ms: expected a string, as '1000', got 1000/,
  );
  expect(() => testAppOf('differs').topic('t', { partition: 3 } as never)).toThrow(/topic "t": unknown option "partition"/);
  expect(() => testAppOf('differs').topic(/t/, { partitions: 3 } as never)).toThrow(/unknown option "partitions"/);
  expect(() => testAppOf('differs').topic('t', { tombstones: 'keep' as never })).toThrow(/expected 'skip' or 'deliver', got "keep"/);
});

it('topics of an app without agents can be made, though it cannot be run', () => {
  const app = testAppOf('topics-only');
  app.topic('t');
  expect(() => app.validate('topics')).not.toThrow();
  expect(() => app.validate()).toThrow(/has no agents/);
});
