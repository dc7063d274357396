import { type App, type Behaviour, json, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

it('a behaviour that says `waiting` is seen to wait until it says `resumed`, whatever finishes meanwhile', async () => {
  const inboxes: Array<Parameters<Behaviour<string, number, never>['open']>[0]> = [];
  const behaviour: Behaviour<string, number, never> = {
    name: 'held',
    unit: 'key',
    stats: () => ({}),
    open(inbox) {
      inboxes.push(inbox);
      return {
        wake() {
          for (const delivery of inbox.poll(100)) delivery.done();
        },
        close() {},
      };
    },
  };
  const app = testAppOf('hold');
  running.push(app);
  const numbers = app.topic(unique('numbers'), { key: string(), value: json(z.number()), partitions: 1 });
  app.agent('held', numbers, behaviour);
  const worker = await started(app);
  const told: string[] = [];
  worker.on('waiting', ({ error }) => told.push(String(error)));
  worker.on('resumed', ({ waitedMs }) => told.push(`resumed after ${waitedMs >= 0}`));
  const agent = () => worker.stats().agents.held!;
  const inbox = inboxes[0]!;
  const before = Date.now();

  inbox.waiting('model down');
  inbox.waiting('model still down');
  await numbers.send({ key: 'a', value: 1 });
  await until(agent, ({ finished }) => finished === 1);
  expect(agent().waitingSince).toBeGreaterThanOrEqual(before);
  expect(told).toEqual(['model down']);

  inbox.resumed();
  inbox.resumed();
  expect(agent().waitingSince).toBeUndefined();
  expect(told).toEqual(['model down', 'resumed after true']);
});
