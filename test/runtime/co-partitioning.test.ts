import { each, string } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/agents/agent.ts';
import { StreamerError } from '../../src/errors.ts';
import type { Subscription } from '../../src/kafka/index.ts';
import { Assignment } from '../../src/runtime/group/assignment.ts';
import { freshStart } from '../../src/runtime/task/input-start.ts';
import { CoPartitioning } from '../../src/runtime/topology/co-partitioning.ts';
import { Graph } from '../../src/runtime/topology/graph.ts';
import { AgentRuntime } from '../../src/runtime/work/agent-runtime.ts';
import { Topic } from '../../src/topics/index.ts';
import { servicesOf } from './support/tasks.ts';

const serdes = { key: string(), value: string() };

function graphOf(counts: Readonly<Record<string, number>>): Graph {
  const graph = new Graph('app');
  for (const [name, partitions] of Object.entries(counts)) {
    const topic = new Topic({ send: () => Promise.reject(new Error('no')) } as never, name, serdes, { partitions });
    graph.add(graph.topics, 'topic', name, topic as never);
  }
  return graph;
}

describe('topics that are read together', () => {
  it('are one group; every other topic is a group of its own', () => {
    const graph = graphOf({ orders: 4, users: 4, addresses: 4, clicks: 2 });
    graph.coPartition('table "users" of agent "enrich"', ['orders', 'users']);
    graph.coPartition('table "addresses" of agent "enrich"', ['addresses', 'users']);
    const groups = new CoPartitioning(graph.coPartitioned);
    expect(groups.groups).toEqual([['addresses', 'orders', 'users']]);
    expect([groups.groupOf('users'), groups.groupOf('clicks')]).toEqual([['addresses', 'orders', 'users'], ['clicks']]);
    expect(graph.problems('topics')).toEqual([]);
  });

  it('with different partition counts are all reported before anything connects', () => {
    const graph = graphOf({ orders: 4, users: 8, clicks: 2, rates: 3 });
    graph.coPartition('table "users" of agent "enrich"', ['orders', 'users']);
    graph.coPartition('the join "a"', ['clicks', 'rates']);
    graph.coPartition('the join "b"', ['clicks', 'made-elsewhere']);
    expect(graph.problems('topics')).toEqual([
      'table "users" of agent "enrich" reads "orders" (4), "users" (8) together: they need the same number of partitions',
      'the join "a" reads "clicks" (2), "rates" (3) together: they need the same number of partitions',
    ]);
  });
});

interface Stage {
  readonly assignment: Assignment;
  readonly seeks: Array<[epoch: number, place: string, offset: number]>;
}

function stage(): Stage {
  const seeks: Stage['seeks'] = [];
  const subscription = {
    pause: () => {},
    resume: () => {},
    seek: (epoch, { topic, partition }, offset) => void seeks.push([epoch, `${topic}/${partition}`, offset]),
  } as Partial<Subscription> as Subscription;
  const services = servicesOf();
  const readable = { name: 'items', serdes, tombstones: 'skip' } as never;
  const agent = defineAgent(
    'work',
    [readable],
    each(() => {}),
    {},
  );
  const groups = new CoPartitioning([{ by: 'a join', topics: ['orders', 'payments'] }]);
  const plan = {
    input: () => ({ readable, runtimes: [new AgentRuntime(agent, services)] }),
    groupOf: (topic: string) => groups.groupOf(topic),
    tablesOf: () => [],
  };
  const limits = { queueRecords: 100, queueBytes: 1_000_000, onUnreadable: 'stop' as const };
  const failed = (cause: unknown) => {
    throw cause;
  };
  return { assignment: new Assignment(subscription, plan, { services, limits, fetching: subscription }, failed), seeks };
}

const at = (place: string, position = 0) => {
  const [topic = '', partition] = place.split('/');
  return { partition: { topic, partition: Number(partition) }, start: freshStart(position) };
};
const placesOf = ({ tasks }: Assignment) =>
  tasks.map(({ inputs }) => inputs.map(({ partition: { topic, partition } }) => `${topic}/${partition}`));

describe('an assignment', () => {
  it('makes one task of partition p of all topics of a group', () => {
    const { assignment, seeks } = stage();
    assignment.assign(1, [at('clicks/0', 7), at('orders/0', 1), at('orders/1', 2), at('payments/0', 3), at('payments/1', 4)]);
    expect(placesOf(assignment)).toEqual([['clicks/0'], ['orders/0', 'payments/0'], ['orders/1', 'payments/1']]);
    expect(seeks).toEqual([
      [1, 'clicks/0', 7],
      [1, 'orders/0', 1],
      [1, 'payments/0', 3],
      [1, 'orders/1', 2],
      [1, 'payments/1', 4],
    ]);
  });

  it('is refused when it splits a group', () => {
    const { assignment } = stage();
    const split = () => assignment.assign(1, [at('orders/0'), at('payments/0'), at('orders/1')]);
    expect(split).toThrow(expect.objectContaining({ code: 'REFUSED', message: expect.stringContaining('without that of payments') }));
    expect(assignment.tasks).toEqual([]);
  });

  it('keeps a task that the next one brings again, and makes a new one where another worker has been further', async () => {
    const { assignment, seeks } = stage();
    assignment.assign(1, [at('orders/0'), at('payments/0'), at('orders/1'), at('payments/1'), at('clicks/0')]);
    const [first, second, clicks] = assignment.tasks;
    await assignment.drain();
    expect(assignment.endEpoch(1)).toBe(0);
    seeks.length = 0;
    assignment.assign(2, [at('orders/0'), at('payments/0'), at('orders/1'), at('payments/1', 9)]);
    expect(assignment.tasks[0]).toBe(first);
    expect(assignment.tasks[1]).not.toBe(second);
    expect([second?.phase.current, clicks?.phase.current]).toEqual(['closed', 'closed']);
    expect(seeks).toEqual([
      [2, 'orders/0', 0],
      [2, 'payments/0', 0],
      [2, 'orders/1', 0],
      [2, 'payments/1', 9],
    ]);
    await first?.phase.reached('running');
  });

  it('closes at once what it takes away, before it is known where the rest starts', async () => {
    const { assignment } = stage();
    assignment.assign(1, [at('orders/0'), at('payments/0'), at('clicks/0'), at('clicks/1')]);
    const [orders, first, second] = assignment.tasks;
    await assignment.drain();
    assignment.endEpoch(1);
    assignment.retain([at('orders/0'), at('clicks/1')].map(({ partition }) => partition));
    expect([orders, first, second].map((task) => task?.phase.current)).toEqual(['closed', 'closed', 'suspended']);
    expect(assignment.tasks).toEqual([second]);
  });

  it('has the whole task begin again when the log of one input was cut, the others where they stand', async () => {
    const { assignment, seeks } = stage();
    assignment.assign(1, [at('orders/0', 5), at('payments/0', 6)]);
    const [task] = assignment.tasks;
    seeks.length = 0;
    assignment.restart({ topic: 'payments', partition: 0 }, freshStart(40));
    expect(assignment.tasks[0]).not.toBe(task);
    expect([task?.phase.current, placesOf(assignment)]).toEqual(['closed', [['orders/0', 'payments/0']]]);
    expect(seeks).toEqual([
      [1, 'orders/0', 5],
      [1, 'payments/0', 40],
    ]);
    expect(assignment.tasks[0]?.cut()?.offsets.map(({ offset }) => offset)).toEqual([5, 40]);
    expect(assignment.close(new StreamerError('LOST', 'stop'))).toBe(0);
    expect(assignment.epoch).toBe(-1);
  });
});
