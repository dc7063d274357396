import { type App, each, json, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique, withProducer } from '../helpers/broker.ts';

/** A replayed letter goes to its agent alone; headers that only look like a replay hide nothing from anybody. */
const Item = z.object({ n: z.number() });
const running: App[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()));
});

async function twoAgents() {
  const app = testAppOf('replays');
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: json(Item) });
  const seen: string[] = [];
  for (const name of ['one', 'two'])
    app.agent(
      name,
      items,
      each(({ n }) => void seen.push(`${name} ${n}`)),
    );
  const worker = await started(app);
  const send = (n: number, replay: Readonly<Record<string, string>>) =>
    withProducer((producer) => {
      const headers = Object.fromEntries(Object.entries(replay).map(([name, value]) => [`streamer.replay.${name}`, value]));
      return producer.send({ topic: items.name, messages: [{ key: 'k', value: JSON.stringify({ n }), headers }] });
    });
  const settled = (offset: number) =>
    until(
      () => worker.positions()[0]?.offset,
      (position) => position === offset,
    );
  return { app, items, seen, send, settled, worker };
}

it('a record whose headers name no letter of its topic is an ordinary one, for all agents', async () => {
  const { app, items, seen, send, settled } = await twoAgents();
  const origin = { agent: 'one', app: app.id, topic: items.name, partition: '0', offset: '0' };
  await send(0, { agent: 'nobody' });
  await send(1, { agent: 'one' });
  await send(2, { ...origin, topic: 'another-topic' });
  await send(3, { ...origin, offset: '99' });
  await send(4, { ...origin, partition: 'x' });
  await send(5, { agent: 'nobody', app: app.id, topic: items.name });
  await settled(6);
  expect(seen.sort()).toEqual(['one', 'two'].flatMap((name) => [0, 1, 2, 3, 4, 5].map((n) => `${name} ${n}`)));
});

it('a replay goes to its agent alone, and to none of another app', async () => {
  const { app, items, seen, send, settled } = await twoAgents();
  const origin = { topic: items.name, partition: '0', offset: '0' };
  await items.send({ key: 'k', value: { n: 0 } });
  await send(1, { ...origin, agent: 'two', app: app.id });
  await send(2, { ...origin, agent: 'two', app: 'another-app' });
  await settled(3);
  expect(seen.sort()).toEqual(['one 0', 'two 0', 'two 1']);
});

it('a replay for an agent that the app lacks is dead-lettered with its code, its agent and its bytes, and never dropped', async () => {
  const { app, items, seen, send, settled, worker } = await twoAgents();
  await items.send({ key: 'k', value: { n: 0 } });
  await send(1, { agent: 'three', app: app.id, topic: items.name, partition: '0', offset: '0' });
  await settled(2);
  expect(seen.sort()).toEqual(['one 0', 'two 0']);
  expect(worker.stats().deadLettered).toBe(1);
  const [letter, ...others] = await readAll(`${items.name}.${app.id}.dlq`);
  expect(others).toEqual([]);
  expect(String(letter?.value)).toBe('{"n":1}');
  expect(String(letter?.headers?.['streamer.dlq.code'])).toBe('UNKNOWN_AGENT');
  expect(String(letter?.headers?.['streamer.dlq.agent'])).toBe('three');
  expect(String(letter?.headers?.['streamer.dlq.offset'])).toBe('1');
});
