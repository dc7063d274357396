import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaAdmin, KafkaClient, KafkaProducer } from '../../src/kafka/client.ts';
import { createTopic, unique } from '../helpers/broker.ts';
import { createClient, Recorder, until } from './support/recorder.ts';

const text = (value: string): Buffer => Buffer.from(value);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const fast = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 300, maxWaitMs: 100 };

let client: KafkaClient;
let producer: KafkaProducer;
let admin: KafkaAdmin;

beforeAll(async () => {
  client = createClient();
  [producer, admin] = await Promise.all([client.producer(), client.admin()]);
});
afterAll(() => client.close());

async function fill(topic: string, count: number, partitions: number): Promise<void> {
  await producer.send(
    Array.from({ length: count }, (_, i) => ({ topic, partition: i % partitions, key: text(String(i)), value: text(`v${i}`) })),
  );
}

/** Commits all that it was given when it has to hand over. */
function committing(sink: Recorder, topic: string, drainMs = 0): Recorder {
  sink.onRevoking = async (partitions, epoch) => {
    await sleep(drainMs);
    const offsets = partitions.flatMap(({ partition }) => {
      const offset = sink.next.get(partition);
      return offset === undefined ? [] : [{ topic, partition, offset, metadata: null }];
    });
    await sink.subscription.commit(epoch, offsets);
  };
  return sink;
}

describe('two members', () => {
  it('share the partitions; what is handed over was drained and committed, and comes once', async () => {
    const [topic, groupId] = [await createTopic('rebalance', { partitions: 4 }), unique('rebalance')];
    await fill(topic, 400, 4);
    const options = { groupId, topics: [topic], ...fast };
    // Longer than a session: only the heartbeats of the drain keep the membership.
    const a = committing(new Recorder('a'), topic, 8_000);
    await a.subscribe(client, { ...options, drainTimeoutMs: 15_000 });
    await until('a has all', () => a.received.length === 400);
    const b = committing(new Recorder('b'), topic);
    let revokedFirst = false;
    b.onAssigned = async () => {
      revokedFirst = a.events.includes('revoked 1');
    };
    await b.subscribe(client, { ...options, drainTimeoutMs: 15_000 });
    await until('both have two', () => a.partitions.length === 2 && b.partitions.length === 2);
    expect(revokedFirst).toBe(true);
    expect(a.events).toEqual(['assigned 1', 'revoking 1', 'revoked 1', 'assigned 2']);
    await fill(topic, 400, 4);
    await until('the rest', () => a.received.length + b.received.length === 800);
    const all = [...a.received, ...b.received].map(({ partition, offset }) => `${partition}@${offset}`);
    expect(new Set(all).size).toBe(800);
    expect(a.errors.concat(b.errors)).toEqual([]);

    // a leaves: b gets all, from where a was.
    committing(a, topic);
    await a.subscription.close();
    await until('b has four', () => b.partitions.length === 4);
    await fill(topic, 4, 4);
    await until('b reads all', () => a.received.length + b.received.length === 804);
    expect(new Set([...a.received, ...b.received].map(({ partition, offset }) => `${partition}@${offset}`)).size).toBe(804);
    expect(b.events.filter((event) => event.includes('during') || event.includes('stray'))).toEqual([]);
    await b.subscription.close();
  }, 60_000);

  it('go on when the drain takes longer than it may; late commits are stale', async () => {
    const [topic, groupId] = [await createTopic('rebalance-late', { partitions: 2 }), unique('rebalance')];
    await fill(topic, 10, 2);
    const options = { groupId, topics: [topic], ...fast, drainTimeoutMs: 500 };
    const a = new Recorder('a');
    let end: () => void = () => {};
    let late: unknown;
    a.onRevoking = async (_partitions, epoch, deadlineMs) => {
      expect(deadlineMs - Date.now()).toBeLessThanOrEqual(500);
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      late = await a.subscription.commit(epoch, [{ topic, partition: 0, offset: 5, metadata: null }]).catch((error: unknown) => error);
    };
    await a.subscribe(client, options);
    await until('a has all', () => a.received.length === 10);
    const b = new Recorder('b');
    await b.subscribe(client, options);
    await until('b has its share', () => b.partitions.length === 1);
    end();
    await until('the late commit was judged', () => late !== undefined);
    expect(late).toMatchObject({ reason: 'stale' });
    a.onRevoking = async () => {};
    await Promise.all([a.subscription.close(), b.subscription.close()]);
  });

  it('give topics with the same count to the same member', async () => {
    const [left, right] = [await createTopic('rebalance-left', { partitions: 4 }), await createTopic('rebalance-right', { partitions: 4 })];
    const options = { groupId: unique('rebalance'), topics: [left, right], ...fast };
    const [a, b] = [new Recorder('a'), new Recorder('b')];
    await a.subscribe(client, options);
    await b.subscribe(client, options);
    await until('both have four', () => a.partitions.length === 4 && b.partitions.length === 4);
    for (const sink of [a, b]) {
      const of = (topic: string): number[] => sink.partitions.filter((tp) => tp.topic === topic).map(({ partition }) => partition);
      expect(of(left)).toEqual(of(right));
    }
    await Promise.all([a.subscription.close(), b.subscription.close()]);
  });

  it('get topics that are read together only if they read all of them', async () => {
    const [left, right] = [await createTopic('together-left', { partitions: 3 }), await createTopic('together-right', { partitions: 3 })];
    const groupId = unique('rebalance');
    const [a, b] = [new Recorder('a'), new Recorder('b')];
    await a.subscribe(client, { groupId, topics: [left, right], coPartitioned: [[left, right]], ...fast });
    await until('a has all', () => a.partitions.length === 6);
    await b.subscribe(client, { groupId, topics: [left], ...fast });
    await until('b was assigned', () => b.events.includes('assigned 1') && a.events.includes('assigned 2'));
    expect([a.partitions.length, b.partitions.length]).toEqual([6, 0]);
    await Promise.all([a.subscription.close(), b.subscription.close()]);
  });
});

describe('one member', () => {
  it('is drained, and gets the new partitions, when a topic grows', async () => {
    const [topic, groupId] = [await createTopic('rebalance-grow'), unique('rebalance')];
    await fill(topic, 5, 1);
    const a = committing(new Recorder('a'), topic);
    await a.subscribe(client, { groupId, topics: [topic], ...fast });
    await until('a has all', () => a.received.length === 5);
    await admin.addPartitions(topic, 2);
    // The client looks for new partitions once a minute; a second member makes it look now.
    const b = committing(new Recorder('b'), topic);
    await b.subscribe(client, { groupId, topics: [topic], ...fast });
    await until('both have one', () => a.partitions.length === 1 && b.partitions.length === 1);
    expect(a.events.slice(0, 3)).toEqual(['assigned 1', 'revoking 1', 'revoked 1']);
    await fill(topic, 10, 2);
    await until('all once', () => a.received.length + b.received.length === 15);
    await Promise.all([a.subscription.close(), b.subscription.close()]);
  });

  it('learns that its group has dropped it, and comes back', async () => {
    const [topic, groupId] = [await createTopic('rebalance-lost'), unique('rebalance')];
    await fill(topic, 5, 1);
    const a = new Recorder('a');
    await a.subscribe(client, { groupId, topics: [topic], ...fast });
    await until('a has all', () => a.received.length === 5);
    await removeMember(groupId);
    await until('a was told', () => a.events.includes('lost 1'));
    await until('a is back', () => a.events.includes('assigned 2'));
    expect(a.events).not.toContain('revoking 1');
    await until('a reads again', () => a.received.length === 10);
    await a.subscription.close();
  });
});

/** Says goodbye in the member's name, as a broker does whose member has missed its session. */
async function removeMember(groupId: string): Promise<void> {
  const { client: createKafka } = await import('../helpers/broker.ts');
  const described = createKafka().admin();
  await described.connect();
  const { groups } = await described.describeGroups([groupId]);
  await described.disconnect();
  const memberId = groups[0]?.members[0]?.memberId ?? '';
  interface Cluster {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    refreshMetadata(): Promise<void>;
    findGroupCoordinator(group: { groupId: string }): Promise<{ leaveGroup(request: object): Promise<unknown> }>;
  }
  let cluster: Cluster | undefined;
  createKafka().consumer({
    groupId,
    partitionAssigners: [
      (context) => {
        cluster = context.cluster as unknown as Cluster;
        return { name: 'n', version: 0, assign: async () => [], protocol: () => ({ name: 'n', metadata: Buffer.alloc(0) }) };
      },
    ],
  });
  await cluster?.connect();
  await cluster?.refreshMetadata();
  const coordinator = await cluster?.findGroupCoordinator({ groupId });
  await coordinator?.leaveGroup({ groupId, memberId });
  await cluster?.disconnect();
}
