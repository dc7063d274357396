import { afterEach, describe, expect, it } from 'vitest';
import { heartbeat, joinGroup, leaveGroup, offsetCommit, offsetFetch, syncGroup } from '../../src/wire/apis/group.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import { createTopic, unique } from '../helpers/broker.ts';
import { Wire } from '../helpers/wire.ts';

const open: Wire[] = [];
afterEach(() => {
  for (const wire of open.splice(0)) wire.close();
});

interface JoinOptions {
  readonly memberId?: string;
  readonly instanceId?: string | null;
  readonly protocols?: readonly string[];
  readonly protocolType?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
}

/** One member, on a connection of its own, that says each step of the protocol by itself. */
class TestMember {
  readonly groupId: string;
  readonly #wire: Wire;
  memberId = '';
  generationId = -1;
  instanceId: string | null = null;

  private constructor(groupId: string, wire: Wire) {
    this.groupId = groupId;
    this.#wire = wire;
  }

  static async of(groupId: string): Promise<TestMember> {
    const wire = await Wire.toCoordinator(groupId);
    open.push(wire);
    return new TestMember(groupId, wire);
  }

  async joinOnce(options: JoinOptions = {}) {
    const { memberId = this.memberId, instanceId = this.instanceId, protocols = ['range'], protocolType = 'consumer' } = options;
    const answer = await this.#wire.send(joinGroup, 5, {
      groupId: this.groupId,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 20_000,
      memberId,
      groupInstanceId: instanceId,
      protocolType,
      protocols: protocols.map((name) => ({ name, metadata: Buffer.from(name) })),
    });
    this.instanceId = instanceId;
    this.memberId = answer.memberId;
    if (answer.errorCode === ErrorCode.NONE) this.generationId = answer.generationId;
    return answer;
  }

  /** Joins in the two steps of a new member, or in one as a member that is known. */
  async join(options: JoinOptions = {}) {
    const answer = await this.joinOnce(options);
    return answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED ? this.joinOnce(options) : answer;
  }

  sync(assignments: Record<string, string> = {}, claim: { generationId?: number; memberId?: string } = {}) {
    return this.#wire.send(syncGroup, 3, {
      ...this.#claim(claim),
      assignments: Object.entries(assignments).map(([memberId, assignment]) => ({ memberId, assignment: Buffer.from(assignment) })),
    });
  }

  async heartbeat(claim: { generationId?: number; memberId?: string } = {}): Promise<number> {
    return (await this.#wire.send(heartbeat, 3, this.#claim(claim))).errorCode;
  }

  async leave(): Promise<number | undefined> {
    const members = [{ memberId: this.memberId, groupInstanceId: this.instanceId }];
    const answer = await this.#wire.send(leaveGroup, 3, { groupId: this.groupId, members });
    return answer.errorCode || answer.members[0]?.errorCode;
  }

  async commit(
    topic: string,
    offset: number,
    claim: { generationId?: number; memberId?: string; metadata?: string | null; index?: number } = {},
  ) {
    const { metadata = 'note', index = 0 } = claim;
    const { topics } = await this.#wire.send(offsetCommit, 7, {
      ...this.#claim(claim),
      topics: [{ name: topic, partitions: [{ index, offset, metadata }] }],
    });
    return topics[0]?.partitions[0]?.errorCode;
  }

  async committed(topic: string) {
    const { topics } = await this.#wire.send(offsetFetch, 5, { groupId: this.groupId, topics: [{ name: topic, partitions: [0] }] });
    return topics[0]?.partitions[0];
  }

  #claim({ generationId = this.generationId, memberId = this.memberId }: { generationId?: number; memberId?: string }) {
    return { groupId: this.groupId, generationId, memberId, groupInstanceId: this.instanceId };
  }
}

/** A group with these members, each assigned its own number. */
async function stableGroup(size: number): Promise<TestMember[]> {
  const groupId = unique('group');
  const members: TestMember[] = [];
  for (let i = 0; i < size; i++) {
    const member = await TestMember.of(groupId);
    const joining = member.join();
    if (i > 0) await rejoin(members);
    await joining;
    members.push(member);
    await syncAll(members);
  }
  return members;
}

async function rejoin(members: readonly TestMember[]): Promise<void> {
  await expect.poll(() => (members[0] as TestMember).heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  // Not awaited together with the newcomer's request here: every join is answered when the last one has come.
  await Promise.all(members.map((member) => member.join()));
}

async function syncAll(members: readonly TestMember[]): Promise<void> {
  const assignments = Object.fromEntries(members.map((member, i) => [member.memberId, `share ${i}`]));
  const answers = await Promise.all(members.map((member, i) => member.sync(i === 0 ? assignments : {})));
  answers.forEach((answer, i) => {
    expect(answer.errorCode).toBe(0);
    expect(String(answer.assignment)).toBe(`share ${i}`);
  });
}

const pair = async () => (await stableGroup(2)) as [TestMember, TestMember];
const single = async () => (await stableGroup(1))[0] as TestMember;

describe('joining', () => {
  it('a new member is told its id, joins with it, and leads', async () => {
    const member = await TestMember.of(unique('new'));
    const first = await member.joinOnce();
    expect(first).toMatchObject({ errorCode: ErrorCode.MEMBER_ID_REQUIRED, memberId: expect.stringMatching(/.+/) });
    const second = await member.joinOnce();
    expect(second).toMatchObject({
      errorCode: 0,
      generationId: 1,
      leader: second.memberId,
      memberId: first.memberId,
      protocolName: 'range',
    });
    expect(second.members.map(({ memberId, metadata }) => [memberId, String(metadata)])).toEqual([[first.memberId, 'range']]);
  });

  it('two members get one generation, and the leader alone the list', async () => {
    const [leader, follower] = await pair();
    expect(leader.generationId).toBe(follower.generationId);
    expect(await leader.heartbeat()).toBe(0);
    expect(await follower.heartbeat()).toBe(0);
  });

  it('with an id that the group does not know is UNKNOWN_MEMBER_ID', async () => {
    const member = await single();
    const stranger = await TestMember.of(member.groupId);
    expect(await stranger.joinOnce({ memberId: 'nobody' })).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
  });

  it('with a protocol that the others do not share is INCONSISTENT_GROUP_PROTOCOL', async () => {
    const member = await single();
    const other = await TestMember.of(member.groupId);
    expect(await other.join({ protocols: ['sticky'] })).toMatchObject({ errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL });
    expect(await other.join({ protocolType: 'connect' })).toMatchObject({ errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL });
  });

  it('with a session time-out out of bounds is INVALID_SESSION_TIMEOUT', async () => {
    const member = await TestMember.of(unique('session'));
    expect(await member.joinOnce({ sessionTimeoutMs: 10 })).toMatchObject({ errorCode: ErrorCode.INVALID_SESSION_TIMEOUT });
  });

  it('picks the protocol that all share and most prefer', async () => {
    const groupId = unique('vote');
    const [first, second] = [await TestMember.of(groupId), await TestMember.of(groupId)];
    await first.join({ protocols: ['a', 'b', 'c'] });
    const joining = second.join({ protocols: ['c', 'b'] });
    await expect.poll(() => first.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const again = await first.join({ protocols: ['b', 'c'] });
    expect(['b', 'c']).toContain(again.protocolName);
    expect((await joining).protocolName).toBe(again.protocolName);
  });
});

describe('a member of another generation, or none', () => {
  it('is told ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID, by heartbeat and sync', async () => {
    const member = await single();
    const old = { generationId: member.generationId + 1 };
    expect(await member.heartbeat(old)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(await member.sync({}, old)).toMatchObject({ errorCode: ErrorCode.ILLEGAL_GENERATION });
    expect(await member.heartbeat({ memberId: 'nobody' })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await member.sync({}, { memberId: 'nobody' })).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
    expect(await (await TestMember.of(unique('absent'))).heartbeat({ generationId: 1, memberId: 'x' })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });
});

describe('a rebalance', () => {
  it('is told by heartbeat, and a sync meanwhile is REBALANCE_IN_PROGRESS', async () => {
    const member = await single();
    const other = await TestMember.of(member.groupId);
    const joining = other.join();
    await expect.poll(() => member.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await member.sync()).toMatchObject({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS });
    await member.join();
    expect(await joining).toMatchObject({ errorCode: 0, generationId: member.generationId });
  });

  it('ends without the member that does not join again in time', async () => {
    const groupId = unique('slow');
    const [slow, quick] = [await TestMember.of(groupId), await TestMember.of(groupId)];
    await slow.join({ rebalanceTimeoutMs: 1500 });
    await slow.sync({ [slow.memberId]: 'all' });
    const answer = await quick.join({ rebalanceTimeoutMs: 1500 });
    expect(answer).toMatchObject({ errorCode: 0, leader: quick.memberId });
    expect(answer.members).toHaveLength(1);
    expect(await slow.heartbeat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('comes when a member leaves', async () => {
    const [first, second] = await pair();
    expect(await first.leave()).toBe(0);
    await expect.poll(() => second.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await second.join()).toMatchObject({ errorCode: 0, leader: second.memberId });
    expect(await first.leave()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('comes when a member is silent for its session time-out', async () => {
    const groupId = unique('silent');
    const [silent, other] = [await TestMember.of(groupId), await TestMember.of(groupId)];
    await silent.join({ sessionTimeoutMs: 6000 });
    const joining = other.join();
    await expect.poll(() => silent.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    await Promise.all([silent.join({ sessionTimeoutMs: 6000 }), joining]);
    await Promise.all([silent.sync({ [silent.memberId]: 'a', [other.memberId]: 'b' }), other.sync()]);
    await expect.poll(() => other.heartbeat(), { timeout: 12_000, interval: 500 }).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await silent.heartbeat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('is not begun by a follower that joins again unchanged', async () => {
    const [leader, follower] = await pair();
    const generation = follower.generationId;
    expect(await follower.joinOnce()).toMatchObject({ errorCode: 0, generationId: generation });
    expect(await leader.heartbeat()).toBe(0);
  });
});

describe('a commit', () => {
  it('of a member is kept with its metadata', async () => {
    const [topic, member] = [await createTopic('commit'), await single()];
    expect(await member.committed(topic)).toMatchObject({ errorCode: 0, offset: -1, metadata: '' });
    expect(await member.commit(topic, 42, { metadata: 'n'.repeat(4096) })).toBe(0);
    expect(await member.committed(topic)).toMatchObject({ errorCode: 0, offset: 42, metadata: 'n'.repeat(4096) });
    expect(await member.commit(topic, 43, { metadata: null })).toBe(0);
    expect(await member.committed(topic)).toMatchObject({ offset: 43, metadata: '' });
  });

  it('with more than 4,096 characters of metadata is OFFSET_METADATA_TOO_LARGE', async () => {
    const [topic, member] = [await createTopic('metadata'), await single()];
    expect(await member.commit(topic, 1, { metadata: 'n'.repeat(4097) })).toBe(ErrorCode.OFFSET_METADATA_TOO_LARGE);
    expect(await member.committed(topic)).toMatchObject({ offset: -1 });
  });

  it('for a partition or topic that is not there is UNKNOWN_TOPIC_OR_PARTITION', async () => {
    const [topic, member] = [await createTopic('known'), await single()];
    expect(await member.commit(topic, 1, { index: 7 })).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await member.commit(unique('absent'), 1)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('of another generation or member is refused', async () => {
    const [topic, member] = [await createTopic('stale'), await single()];
    expect(await member.commit(topic, 1, { generationId: member.generationId - 1 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(await member.commit(topic, 1, { memberId: 'nobody' })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await member.commit(topic, 1, { memberId: '', generationId: -1 })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const stranger = await TestMember.of(unique('absent'));
    expect(await stranger.commit(topic, 1, { memberId: 'x', generationId: 3 })).toBe(ErrorCode.ILLEGAL_GENERATION);
  });

  it('is accepted while the group prepares a rebalance, so that members can drain', async () => {
    const [topic, member] = [await createTopic('drain'), await single()];
    const joining = (await TestMember.of(member.groupId)).join();
    await expect.poll(() => member.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await member.commit(topic, 5)).toBe(0);
    await member.join();
    await joining;
    expect(await member.committed(topic)).toMatchObject({ offset: 5 });
  });

  it('is REBALANCE_IN_PROGRESS while the assignment is awaited', async () => {
    const [topic, member] = [await createTopic('awaited'), await TestMember.of(unique('awaited'))];
    await member.join();
    expect(await member.commit(topic, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });
});

describe('a static member', () => {
  it('that comes back under its name keeps its share without a rebalance, and its former self is fenced', async () => {
    const groupId = unique('static');
    const first = await TestMember.of(groupId);
    const joined = await first.join({ instanceId: 'worker-1' });
    expect(joined).toMatchObject({ errorCode: 0, members: [{ groupInstanceId: 'worker-1' }] });
    await first.sync({ [first.memberId]: 'everything' });
    const second = await TestMember.of(groupId);
    expect(await second.join({ instanceId: 'worker-1' })).toMatchObject({ errorCode: 0, generationId: joined.generationId });
    expect(second.memberId).not.toBe(first.memberId);
    expect(String((await second.sync()).assignment)).toBe('everything');
    expect(await first.heartbeat()).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(await second.heartbeat()).toBe(0);
  });

  it('leaves by its name', async () => {
    const member = await TestMember.of(unique('static-leave'));
    await member.join({ instanceId: 'worker-1' });
    await member.sync({ [member.memberId]: 'everything' });
    expect(await member.leave()).toBe(0);
    expect(await member.heartbeat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });
});
