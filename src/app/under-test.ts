import { AsyncLocalStorage } from 'node:async_hooks';
import { StreamerError } from '../errors.ts';
import type { SendOptions, SendResult } from '../topics/index.ts';
import type { Encode, SentTo } from './sending.ts';

/** What an app under test sends through. */
export interface UnderTest {
  /** Names the app. */
  readonly id: string;
  /** Sends to a topic of any app, on the broker of the test. */
  send(topic: SentTo, encode: Encode, options: SendOptions): Promise<SendResult>;
}

/** Of the app whose agents run: what a worker does is done in the context of its start. */
const current = new AsyncLocalStorage<UnderTest>();
const tested = new WeakSet<object>();

/** Starts an app under test. What its agents do with other apps does not reach the brokers of those. */
export function runUnderTest<T>(app: object, test: UnderTest, start: () => T): T {
  tested.add(app);
  return current.run(test, start);
}

export function endTest(app: object): void {
  tested.delete(app);
}

/** Returns the test to use instead of the app's own connection: an agent under test uses the app, which is not under test itself. */
export function testInsteadOf(app: object): UnderTest | undefined {
  const test = current.getStore();
  return test === undefined || tested.has(app) ? undefined : test;
}

/** An app that does not run cannot answer. */
export function askedUnderTest(agent: string, tested: string, app: string): StreamerError {
  return new StreamerError(
    'USAGE',
    `agent "${agent}" of app "${app}" cannot be asked while app "${tested}" is tested: that would go to the broker of "${app}"`,
    {
      agent,
      next: 'Start it with testApp as well.',
    },
  );
}
