import { type App, each, string, type Worker } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { createTopicsOf, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

const running = new Set<App>();

afterEach(async () => {
  for (const app of running) await app.stop();
  running.clear();
});

interface Member {
  readonly app: App;
  readonly worker: Worker;
}

const ownedBy = (member: Member) => member.worker.stats().assigned.map(({ topic, partition }) => `${topic}[${partition}]`);

/** Who owns what, as soon as every partition has exactly one owner. */
function settled(members: readonly Member[], partitions: number): Promise<Map<string, Member>> {
  return until(
    () => new Map(members.flatMap((member) => ownedBy(member).map((name) => [name, member] as const))),
    (owners) => owners.size === partitions && members.reduce((sum, member) => sum + ownedBy(member).length, 0) === partitions,
  );
}

it('moves only the partitions that must move in a rolling restart of 4 workers, and keeps topics with equal partitions together', async () => {
  const [id, left, right] = [unique('rolling'), unique('left'), unique('right')];
  const make = (): App => {
    const app = testAppOf('rolling', { id, heartbeatIntervalMs: 100, sessionTimeoutMs: 6_000 });
    running.add(app);
    const topics = [left, right].map((name) => app.topic(name, { key: string(), value: string(), partitions: 8 }));
    app.agent(
      'read',
      topics,
      each(() => {}),
    );
    return app;
  };
  const start = async (): Promise<Member> => {
    const app = make();
    return { app, worker: await app.start() };
  };
  await createTopicsOf(make());
  const members: Member[] = [];
  for (let n = 0; n < 4; n++) {
    members.push(await start());
    await settled(members, 16);
  }
  let owners = await settled(members, 16);
  for (const member of members) expect(ownedBy(member).length).toBe(4);
  let moved = 0;
  const changes = (after: Map<string, Member>) => [...after].filter(([name, member]) => owners.get(name) !== member).length;
  for (let n = 0; n < 4; n++) {
    const gone = members.shift()!;
    await gone.app.stop();
    const without = await settled(members, 16);
    expect(changes(without)).toBe(4);
    moved += changes(without);
    owners = without;
    members.push(await start());
    const full = await settled(members, 16);
    moved += changes(full);
    expect(changes(full)).toBe(4);
    owners = full;
    for (const member of members) {
      const [a, b] = [left, right].map((topic) =>
        ownedBy(member)
          .filter((name) => name.startsWith(topic))
          .map((name) => name.slice(topic.length))
          .sort(),
      );
      expect(a).toEqual(b);
    }
  }
  // The least possible: what the stopped worker had goes to the others, and as much comes to the new one.
  expect(moved).toBe(4 * (4 + 4));
}, 60_000);
