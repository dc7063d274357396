import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadCodecs } from '../../../src/wire/compression/codecs.ts';
import { KINDS } from './kinds.ts';
import { type Observed, Observer } from './observe.ts';

/** `npm run malformed:record`: writes `kafka.json` again, what the Apache Kafka of `KAFKA_BROKERS` makes of each kind of batch. */
process.env.TEST_BROKERS = process.env.KAFKA_BROKERS ?? '';

await loadCodecs();
const observer = new Observer();
const found: Record<string, Observed> = {};
for (const kind of KINDS) found[kind.name] = await observer.observe(kind);
writeFileSync(fileURLToPath(new URL('kafka.json', import.meta.url)), `${JSON.stringify(found, undefined, 1)}\n`);
