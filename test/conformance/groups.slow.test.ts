import { type Admin, AssignerProtocol, type Consumer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { client, createTopic, unique } from '../helpers/broker.ts';

let admin: Admin;
const running: Consumer[] = [];

beforeAll(async () => {
  admin = client().admin();
  await admin.connect();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((consumer) => consumer.disconnect()));
});
afterAll(() => admin.disconnect());

async function send(topic: string, values: readonly string[], partition = 0): Promise<void> {
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value, partition })) });
  await producer.disconnect();
}

/** A member that has joined when this returns, and notes what it sees. */
async function join(groupId: string, topic: string) {
  const consumer = client().consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 300, maxWaitTimeInMs: 100 });
  running.push(consumer);
  const seen: string[] = [];
  const assignments: number[][] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => assignments.push(payload.memberAssignment[topic] ?? []));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      seen.push(String(message.value));
    },
  });
  await expect.poll(() => assignments.length, { timeout: 20_000 }).toBeGreaterThan(0);
  return { consumer, seen, assignment: () => assignments.at(-1) ?? [] };
}

async function leave(consumer: Consumer): Promise<void> {
  running.splice(running.indexOf(consumer), 1);
  await consumer.disconnect();
}

describe('a group', () => {
  it('reads a topic from its start, and goes on where it committed', async () => {
    const [topic, groupId] = [await createTopic('resume'), unique('resume')];
    await send(topic, ['a', 'b']);
    const first = await join(groupId, topic);
    await expect.poll(() => first.seen).toEqual(['a', 'b']);
    await leave(first.consumer);
    await send(topic, ['c']);
    const second = await join(groupId, topic);
    await expect.poll(() => second.seen).toEqual(['c']);
  });

  it('shares the partitions between two members, and gives them to the one that stays', async () => {
    const [topic, groupId] = [await createTopic('shared', { partitions: 4 }), unique('shared')];
    const first = await join(groupId, topic);
    expect(first.assignment()).toHaveLength(4);
    const second = await join(groupId, topic);
    await expect.poll(() => [first.assignment().length, second.assignment().length]).toEqual([2, 2]);
    expect([...first.assignment(), ...second.assignment()].sort()).toEqual([0, 1, 2, 3]);
    await leave(first.consumer);
    await expect.poll(() => second.assignment().length, { timeout: 20_000 }).toBe(4);
  });

  it('is listed and described with its members', async () => {
    const [topic, groupId] = [await createTopic('described'), unique('described')];
    await join(groupId, topic);
    expect((await admin.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' });
    const { groups } = await admin.describeGroups([groupId]);
    expect(groups[0]).toMatchObject({ groupId, errorCode: 0, state: 'Stable', protocolType: 'consumer', protocol: 'RoundRobinAssigner' });
    const [member] = groups[0]?.members ?? [];
    expect(member).toMatchObject({ clientId: 'test', clientHost: expect.stringMatching(/^\/127\./) });
    expect(AssignerProtocol.MemberAssignment.decode(member?.memberAssignment as Buffer)?.assignment).toEqual({ [topic]: [0] });
    expect(AssignerProtocol.MemberMetadata.decode(member?.memberMetadata as Buffer)?.topics).toEqual([topic]);
  });

  it('that is not there is described as dead', async () => {
    const { groups } = await admin.describeGroups([unique('absent')]);
    expect(groups[0]).toMatchObject({ state: 'Dead', members: [] });
  });

  it('with members is not deleted, without members it is, with its offsets', async () => {
    const [topic, groupId] = [await createTopic('deleted'), unique('deleted')];
    await send(topic, ['a']);
    const { consumer, seen } = await join(groupId, topic);
    await expect.poll(() => seen).toEqual(['a']);
    await expect(admin.deleteGroups([groupId])).rejects.toMatchObject({ groups: [{ error: { type: 'NON_EMPTY_GROUP' } }] });
    await leave(consumer);
    expect((await admin.describeGroups([groupId])).groups[0]?.state).toBe('Empty');
    expect(await admin.fetchOffsets({ groupId, topics: [topic] })).toMatchObject([{ partitions: [{ offset: '1' }] }]);
    await admin.deleteGroups([groupId]);
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId);
    expect(await admin.fetchOffsets({ groupId, topics: [topic] })).toMatchObject([{ partitions: [{ offset: '-1' }] }]);
  });
});

describe('offsets of a group', () => {
  it('are set and reset while it has no members', async () => {
    const [topic, groupId] = [await createTopic('set', { partitions: 2 }), unique('set')];
    await send(topic, ['a', 'b', 'c']);
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });
    expect(await admin.fetchOffsets({ groupId, topics: [topic] })).toMatchObject([
      {
        topic,
        partitions: expect.arrayContaining([
          expect.objectContaining({ partition: 0, offset: '2' }),
          expect.objectContaining({ partition: 1, offset: '-1' }),
        ]),
      },
    ]);
    const { seen, consumer } = await join(groupId, topic);
    await expect.poll(() => seen).toEqual(['c']);
    await leave(consumer);
    await admin.resetOffsets({ groupId, topic, earliest: true });
    const again = await join(groupId, topic);
    await expect.poll(() => again.seen).toEqual(['a', 'b', 'c']);
  });

  it('are gone with their topic, so that a topic made anew is read from its start', async () => {
    const [topic, groupId] = [await createTopic('anew'), unique('anew')];
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] });
    await admin.deleteTopics({ topics: [topic] });
    await expect.poll(() => admin.createTopics({ waitForLeaders: false, topics: [{ topic }] }).catch(() => false)).toBe(true);
    await expect.poll(async () => (await admin.fetchOffsets({ groupId, topics: [topic] }))[0]?.partitions[0]?.offset).toBe('-1');
  });
});
