import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { protocolTable } from './protocol-table.ts';

/** `npm run docs:protocol` writes the table of requests into docs/broker-protocol.md. */
const DOCS = fileURLToPath(new URL('../../docs/broker-protocol.md', import.meta.url));
const [before = ''] = readFileSync(DOCS, 'utf8').split('<!-- table -->');
writeFileSync(DOCS, `${before}<!-- table -->\n${protocolTable()}\n`);
