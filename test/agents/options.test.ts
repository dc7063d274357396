import { type App, ConfigError, deadLetter, each, filter, retry, skip, when } from 'streamerjs';
import { ageBand } from 'streamerjs/agents';
import { expect, it } from 'vitest';
import { testAppOf } from '../helpers/app.ts';

/** As JavaScript calls it, which no compiler checks. */
const loose = (value: unknown) => value as never;

function agentOf(source: unknown, behaviour: unknown, options: object = {}): () => unknown {
  const app: App = testAppOf('options');
  const topic = app.topic('items');
  return () => app.agent('it', loose(source === 'items' ? topic : source), loose(behaviour), loose(options));
}

it.each<[string, () => unknown, RegExp]>([
  ['an unknown option of retry', () => retry(loose({ attempt: 3 })), /retry: unknown option "attempt"/],
  ['a policy that is none', () => retry().otherwise(loose('skip')), /retry\(\)\.otherwise: expected a failure policy/],
  ['a dead-letter topic without a name', () => deadLetter(loose({ topics: 'x' })), /deadLetter: expected a topic/],
  ['a kind of error that is none', () => when(loose(3), skip()), /when: expected a class of errors/],
  ['a kind without a policy', () => when(RangeError, loose(undefined)), /when: expected a failure policy/],
  ['each without a handler', () => each(loose(undefined)), /each: expected a function/],
  ['a predicate that is none', () => filter(loose('age > 60')), /filter: expected a function, got "age > 60"/],
  ['an unknown limit of a band', () => ageBand(loose({ from: 60 }), () => 1), /ageBand: unknown option "from"/],
  [
    'a time that no timer can run',
    () => retry({ delayMs: 2 ** 31 }),
    /retry: delayMs: expected milliseconds from 0 to 2147483647 .*got 2147483648/,
  ],
  [
    'a time without end',
    agentOf(
      'items',
      each(() => {}),
      { timeoutMs: Number.POSITIVE_INFINITY },
    ),
    /agent "it": timeoutMs: expected milliseconds from 0/,
  ],
  ['a limit that is text', () => ageBand(loose({ min: '60' }), () => 1), /ageBand: min: expected a number of years, got "60"/],
  [
    'an agent without a source',
    agentOf(
      undefined,
      each(() => {}),
    ),
    /source: expected a topic, several, or a pattern/,
  ],
  ['an agent that does nothing', agentOf('items', undefined), /behaviour: expected a generator function/],
  [
    'an unknown option of an agent',
    agentOf(
      'items',
      each(() => {}),
      { lanes: 3 },
    ),
    /unknown option "lanes"/,
  ],
  [
    'a sink that is a name',
    agentOf(
      'items',
      each(() => {}),
      { to: 'out' },
    ),
    /to: expected a topic, a function, or several, got "out"/,
  ],
])('is refused: %s', (_name, make, message) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});
