import { expect, it } from 'vitest';
import golden from './scenarios/golden.json' with { type: 'json' };
import { Script } from './scenarios/script.ts';
import { TRANSACTIONS } from './scenarios/transactions.ts';

/** What Apache Kafka answers was written down by `npm run conformance:record`. */
const answers = golden as Readonly<Record<string, unknown>>;

it.each(Object.entries(TRANSACTIONS))('%s: every answer is what Apache Kafka gives', async (name, play) => {
  const script = new Script();
  try {
    await play(script);
  } finally {
    script.close();
  }
  expect(script.steps).toEqual(answers[name]);
});

it('an answer was written down for every scenario', () => {
  expect(Object.keys(answers).sort()).toEqual(Object.keys(TRANSACTIONS).sort());
});
