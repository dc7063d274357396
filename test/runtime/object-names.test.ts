import { afterEach, expect, it } from 'vitest';
import { App, deadLetter, type Event, each, json, string } from '../../src/index.ts';
import { type TestApp, type TestAppOptions, testApp } from '../../src/testing/index.ts';
import { brokers, unique } from '../helpers/broker.ts';

/** Names of properties that every object has, or that mean something to one. */
const NAMES = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf', '__defineGetter__'] as const;
const FIELDS = '{"constructor":1,"toString":"x","hasOwnProperty":null,"__proto__":{"valueOf":[2]}}';

const running: TestApp[] = [];
afterEach(async () => {
  for (const t of running.splice(0)) await t.stop();
});

const serdes = { key: string(), value: json() };

/** Topics of these names may have records of other runs. */
const isOf = (run: string, event: Event) => String(event.headers.run) === run;

/** A chain of agents, each named after the topic that it reads, that passes a record on to the next name with its key, headers and value. */
function chain(id: string) {
  const app = new App({ id });
  const run = unique('run');
  const seen: string[] = [];
  const links = NAMES.map((name, at) => ({ name, at, topic: app.topic(name, serdes) }));
  for (const { name, at, topic } of links) {
    const next = links[at + 1];
    const pass = each(async (value: unknown, event: Event<string, unknown>) => {
      if (!isOf(run, event)) return;
      if (event.key === 'bad') throw new RangeError(`not ${name}`);
      seen.push(`${name}: ${event.key} ${JSON.stringify(value)} ${event.headers[name]}`);
      if (next !== undefined) await next.topic.send({ key: next.name, value, headers: headersOf(run, next.name, next.at) });
    });
    app.agent(name, topic, pass, { onError: deadLetter() });
  }
  return { app, run, seen, topics: links.map(({ topic }) => topic) };
}

/** An object literal would take `__proto__` for its prototype. */
function headersOf(run: string, name: string, at: number): Record<string, string> {
  return Object.fromEntries([
    ['run', run],
    [name, `header ${at}`],
  ]);
}

async function startApp(app: App, options: TestAppOptions): Promise<TestApp> {
  const t = await testApp(app, options);
  running.push(t);
  return t;
}

async function passes({ app, topics, run, seen }: ReturnType<typeof chain>, options: TestAppOptions): Promise<void> {
  const t = await startApp(app, options);
  const letters: string[] = [];
  t.worker.on('deadLetter', ({ agent, topic }) => letters.push(`${agent} ${topic}`));
  await topics[0]?.send({ key: 'constructor', value: JSON.parse(FIELDS), headers: headersOf(run, 'constructor', 0) });
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(NAMES.length);
  expect(seen).toEqual(NAMES.map((name, at) => `${name}: ${name} ${FIELDS} header ${at}`));
  for (const topic of topics) await topic.send({ key: 'bad', value: 1, headers: { run } });
  await expect.poll(() => letters.length, { timeout: 20_000 }).toBe(NAMES.length);
  expect(letters.sort()).toEqual(NAMES.map((name) => `${name} ${name}`).sort());
  const { agents } = t.worker.stats();
  expect(Object.keys(agents).sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) expect(Object.getOwnPropertyDescriptor(agents, name)?.value).toMatchObject({ failed: 1 });
}

it('topics, agents, keys, headers and fields may be named as the properties of every object are', async () => {
  await passes(chain(unique('names')), { brokers: brokers() });
}, 60_000);

it('groups may be, too', async () => {
  await passes(chain('__proto__'), {});
  await passes(chain('constructor'), {});
}, 60_000);

it('a pattern matches topics of such names, and reads all of them', async () => {
  const app = new App({ id: unique('names') });
  const run = unique('run');
  const matched: string[] = [];
  const note = each((_: unknown, event: Event<string, unknown>) => {
    if (isOf(run, event)) matched.push(event.topic);
  });
  app.agent('all', app.topic(/^(constructor|toString|hasOwnProperty|__proto__|valueOf|__defineGetter__)$/, serdes), note);
  const topics = NAMES.map((name) => app.topic(name, serdes));
  await startApp(app, { brokers: brokers() });
  for (const topic of topics) await topic.send({ key: topic.name, value: 1, headers: { run } });
  await expect.poll(() => matched.length, { timeout: 20_000 }).toBe(NAMES.length);
  expect(matched.sort()).toEqual([...NAMES].sort());
}, 60_000);
