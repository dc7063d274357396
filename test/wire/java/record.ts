import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { GOLDEN } from './golden.ts';
import { javaMessages } from './messages.ts';

/** `KAFKA_JARS=/path/to/kafka/libs npm run wire:record` writes the golden messages again. */
const jars = process.env['KAFKA_JARS'];
if (jars === undefined) throw new Error("KAFKA_JARS has to name the folder of Kafka's jars");
const messages = await javaMessages(jars, 1);
writeFileSync(GOLDEN, gzipSync(messages.map((message) => `${JSON.stringify(message)}\n`).join(''), { level: 9 }));
