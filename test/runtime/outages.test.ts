import { type App, deadLetter, each, retry, skip, string, unavailable, waitFor, when } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function anApp(name: string) {
  const app = testAppOf(name);
  running.push(app);
  return { app, topic: app.topic(unique(name), { key: string(), value: string() }) };
}

/** As axios throws it. */
const busy = () => Object.assign(new Error('Request failed with status code 503'), { name: 'AxiosError', response: { status: 503 } });

describe('an event that alone meets an outage', () => {
  it('waits no longer than its policy says, and then no longer holds its key', async () => {
    const { app, topic } = anApp('bounded');
    const done: string[] = [];
    const agent = each((value: string) => {
      if (value === 'bad') throw busy();
      done.push(value);
    });
    app.agent('ask', topic, agent, { onError: waitFor({ maxMs: 700 }).otherwise(deadLetter()) });
    const worker = await started(app);
    await topic.send({ key: 'k', value: 'bad' });
    await topic.send({ key: 'k', value: 'behind' });
    await topic.send({ key: 'other', value: 'free' });
    await until(
      () => worker.stats().agents.ask,
      (ask) => ask?.failed === 1 && ask.finished === 3,
    );
    expect(done).toEqual(['free', 'behind']);
    const letters = await readAll(`${topic.name}.${app.id}.dlq`);
    expect(letters.map(({ value }) => String(value))).toEqual(['bad']);
    expect(String(letters[0]?.headers?.['streamer.dlq.attempts'])).toBe('1');
  });

  it('is judged at once where the policy names the error', async () => {
    const { app, topic } = anApp('named');
    const isBusy = (error: unknown) => (error as { response?: { status?: number } }).response?.status === 503;
    const agent = each<string, string>((value) => {
      if (value === 'bad') throw busy();
    });
    app.agent('ask', topic, agent, { onError: when(isBusy, skip()).otherwise(retry()) });
    const worker = await started(app);
    const skipped: unknown[] = [];
    worker.on('skipped', (event) => skipped.push(event.offset));
    await topic.send({ key: 'k', value: 'bad' });
    await topic.send({ key: 'k', value: 'behind' });
    await until(
      () => worker.stats().agents.ask?.finished,
      (finished) => finished === 2,
    );
    expect(worker.stats().agents.ask).toMatchObject({ skipped: 1, retried: 0 });
    expect(skipped).toEqual([0]);
  });
});

describe('an error that says that something is unavailable', () => {
  it('holds the event, visibly, and no attempt counts', async () => {
    const { app, topic } = anApp('on-purpose');
    let isDown = true;
    const agent = each<string, string>(() => {
      if (isDown) throw unavailable(new Error('the quota of today is used up'), { retryAfterMs: 10 });
    });
    app.agent('ask', topic, agent, { onError: deadLetter() });
    const worker = await started(app);
    const waited: unknown[] = [];
    worker.on('waiting', ({ error }) => waited.push((error as Error).message));
    await topic.send({ key: 'k', value: 'x' });
    await until(
      () => waited.length,
      (count) => count === 1,
    );
    expect(waited).toEqual(['the quota of today is used up']);
    isDown = false;
    await until(
      () => worker.stats().agents.ask,
      (ask) => ask?.finished === 1,
    );
    expect(worker.stats().agents.ask).toMatchObject({ failed: 0, retried: 0 });
  });
});
