import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from './script.ts';
import { TRANSACTIONS } from './transactions.ts';

/**
 * `KAFKA_BROKERS=... npm run conformance:record` writes down what Apache Kafka answers to the scripted scenarios. The
 * test holds every broker against that.
 */
const brokers = process.env.KAFKA_BROKERS;
if (!brokers) {
  console.error('conformance:record: KAFKA_BROKERS must name an Apache Kafka whose answers are to be written down');
  process.exit(2);
}
process.env.TEST_BROKERS = brokers;
const golden: Record<string, unknown> = {};
for (const [name, play] of Object.entries(TRANSACTIONS)) {
  const script = new Script();
  try {
    await play(script);
  } finally {
    script.close();
  }
  golden[name] = script.steps;
  console.log(`${name}: ${script.steps.length} answers`);
}
writeFileSync(fileURLToPath(new URL('golden.json', import.meta.url)), `${JSON.stringify(golden, undefined, 1)}\n`);
