/**
 * Proves that Confluent's Python client and fastavro read what streamer writes, and the reverse, on a real registry:
 *
 *     SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 PYTHON=venv/bin/python npm run soak:schemas
 *     ... npm run soak:schemas -- --record      keeps their bytes as the fixture of the tests
 *
 * In the Python environment: pip install 'confluent-kafka[avro,json]' fastavro
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { bareSerde, type Case, native, readJson, registrySerde, type Written } from './values.ts';

const url = process.env['SCHEMA_REGISTRY_URL'];
const python = process.env['PYTHON'] ?? 'python3';
if (!url) throw new Error('SCHEMA_REGISTRY_URL names no registry');

const context = (topic: string) => ({ topic, part: 'value' }) as const;
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !(value instanceof Date) && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
    : Array.isArray(value)
      ? value.map(plain)
      : value;

function theirs(command: string, input: unknown, ...args: string[]): unknown {
  const script = fileURLToPath(new URL('confluent.py', import.meta.url));
  const output = execFileSync(python, [script, command, url as string, ...args], { input: JSON.stringify(input), maxBuffer: 2 ** 26 });
  return JSON.parse(output.toString());
}

/** What is wrong with what this program reads. */
async function read(written: Written): Promise<string[]> {
  const wrong: string[] = [];
  const check = (got: unknown, index: number, how: string) => {
    if (!isDeepStrictEqual(plain(got), native(written.values[index]))) wrong.push(`${written.name}[${index}] ${how}: got ${String(got)}`);
  };
  const serde = registrySerde(written, { url: url as string });
  for (const [index, hex] of written.bytes.entries()) {
    if (hex !== null) check(await serde.decode(Buffer.from(hex, 'hex'), context(written.topic)), index, 'with registry');
  }
  for (const [index, hex] of (written.bare ?? []).entries()) {
    check(bareSerde(written).decode(Buffer.from(hex, 'hex'), context(written.topic)), index, 'bare');
  }
  return wrong;
}

async function write(one: Case, suffix: string): Promise<Written> {
  const topic = `ours-${one.name.replaceAll(' ', '-')}${suffix}`;
  const serde = registrySerde(one, { url: url as string });
  const bytes: Array<string | null> = [];
  const bare: string[] = [];
  for (const value of one.values) {
    bytes.push(value === null ? null : (await serde.encode(native(value), context(topic))).toString('hex'));
    if (one.kind !== 'json') bare.push((await bareSerde(one).encode(native(value), context(topic))).toString('hex'));
  }
  return { ...one, topic, bytes, ...(one.kind === 'json' ? {} : { bare }) };
}

function record(name: string, written: unknown): void {
  writeFileSync(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)), `${JSON.stringify(written, undefined, 1)}\n`);
}

const cases = readJson<Case[]>('cases.json');
const suffix = `-${randomUUID().slice(0, 8)}`;
const foreign = theirs('write', cases, suffix) as Written[];
const wrongHere = (await Promise.all(foreign.map(read))).flat();
const own = await Promise.all(cases.map((one) => write(one, suffix)));
const wrongThere = theirs('read', own) as string[];
const unequal = own.filter((one, index) => !isDeepStrictEqual(one.bare, foreign[index]?.bare)).map(({ name }) => `${name}: other bytes`);
const values = cases.reduce((sum, one) => sum + one.values.length, 0);
console.log(`${cases.length} schemas, ${values} values, registry ${url}`);
console.log(`read here what they wrote:  ${wrongHere.length} wrong`);
console.log(`read there what we wrote:   ${wrongThere.length} wrong`);
console.log(`bare bytes that differ:     ${unequal.length}`);
for (const line of [...wrongHere, ...wrongThere, ...unequal]) console.log(`  ${line}`);
if (process.argv.includes('--record')) {
  record('foreign.json', foreign);
  record('evolution.json', theirs('write', readJson('evolution.json'), suffix));
}
process.exitCode = wrongHere.length + wrongThere.length + unequal.length === 0 ? 0 : 1;
