import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { startBroker } from '../../../src/broker/index.ts';
import { Script, type Step } from './script.ts';
import { TRANSACTIONS } from './transactions.ts';

/** `npm run conformance:table` plays every scenario on the embedded broker and writes the comparison into docs/broker.md. */
const DOCS = fileURLToPath(new URL('../../../docs/broker.md', import.meta.url));
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as { readonly [name: string]: readonly Step[] };

const broker = await startBroker();
process.env.TEST_BROKERS = broker.address;
const rows: string[] = [];
let isEqual = true;
for (const [name, play] of Object.entries(TRANSACTIONS)) {
  const script = new Script();
  await play(script);
  script.close();
  const expected = golden[name] ?? [];
  const fields = expected.flatMap(({ answer }) => leaves(answer)).length;
  const different = expected.filter((step, i) => !isDeepStrictEqual(step, script.steps[i])).length;
  isEqual &&= different === 0 && expected.length === script.steps.length;
  rows.push(`| ${name} | ${expected.length} | ${fields} | ${different} |`);
}
await broker.close();

const table = ['| scenario | answers | values in them | answers that differ |', '|---|---|---|---|', ...rows].join('\n');
const text = readFileSync(DOCS, 'utf8');
const [before = '', after = ''] = text.split(/<!-- scenarios -->[\s\S]*<!-- end of scenarios -->/);
writeFileSync(DOCS, `${before}<!-- scenarios -->\n${table}\n<!-- end of scenarios -->${after}`);
console.log(table);
process.exitCode = isEqual ? 0 : 1;

function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}
