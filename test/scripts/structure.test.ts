import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { type Limits, problemsOf } from '../../scripts/structure/check.ts';
import { wrongImports } from '../../scripts/structure/directions.ts';
import { figuresOf, printed } from '../../scripts/structure/figures.ts';
import { readTree } from '../../scripts/structure/tree.ts';

const limits: Limits = { fileLines: 10, casts: 1, nonNull: 0 };

/** Writes the files of a source tree and reads it as the script does. */
function planted(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'streamer-structure-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return readTree(folder);
}

function problems(files: Readonly<Record<string, string>>): string[] {
  const tree = planted(files);
  return problemsOf(tree, figuresOf(tree), limits);
}

it('a tree in order has no problems', () => {
  expect(
    problems({
      'errors.ts': 'export class StreamerError extends Error {}\n',
      'wire/codec.ts': "import { StreamerError } from '../errors.ts';\nexport const codec = () => new StreamerError();\n",
      'kafka/kafkajs/client.ts':
        "import { Kafka } from 'kafkajs';\nimport { codec } from '../../wire/codec.ts';\nexport const x = [Kafka, codec];\n",
    }),
  ).toEqual([]);
});

it.each([
  ['an import', "import { b } from './b.ts';"],
  ['a type-only import', "import type { B } from './b.ts';"],
  ['a re-export', "export { b } from './b.ts';"],
  ['a re-export of all', "export * from './b.ts';"],
  ['an import() expression', "export const b = () => import('./b.ts');"],
  ['an import() type', "export type B = import('./b.ts').B;"],
])('finds a cycle that %s closes', (_, closing) => {
  const files = {
    'runtime/a.ts': `${closing}\n`,
    'runtime/b.ts': "export * from './c.ts';\n",
    'runtime/c.ts': "import './a.ts';\n",
    'runtime/d.ts': "import './a.ts';\n",
  };
  expect(problems(files)).toEqual(['import cycle (type-only imports count): runtime/a.ts, runtime/b.ts, runtime/c.ts']);
});

it('finds imports against the directions, with their line', () => {
  const directions = {
    errors: [],
    wire: ['errors'],
    broker: ['errors', 'wire'],
    kafka: ['kafka/driver'],
    'kafka/driver': ['kafka'],
    topics: [],
  };
  const tree = planted({
    'errors.ts': '',
    'wire/codec.ts': "\nimport type { B } from '../broker/broker.ts';\nexport type C = B;\n",
    'broker/broker.ts': "import '../kafka/client.ts';\nexport type B = 1;\n",
    'kafka/client.ts': "import { Kafka } from 'kafkajs';\nimport 'kafkajs/src/x.js';\nimport './driver/client.ts';\n",
    'kafka/driver/client.ts': "import { Kafka } from 'kafkajs';\nimport '../../topics/topic.ts';\n",
    'topics/topic.ts': "import '../errors.ts';\n",
  });
  expect(wrongImports(tree, directions, { kafkajs: 'kafka/driver' })).toEqual([
    'broker/broker.ts:1 imports ../kafka/client.ts: broker may import errors, wire',
    'kafka/client.ts:1 imports kafkajs: only kafka/driver may',
    'kafka/client.ts:2 imports kafkajs: only kafka/driver may',
    'kafka/driver/client.ts:2 imports ../../topics/topic.ts: kafka/driver may import kafka',
    'topics/topic.ts:1 imports ../errors.ts: topics may import nothing',
    'wire/codec.ts:2 imports ../broker/broker.ts: wire may import errors',
  ]);
});

it('keeps the promises of DESIGN.md: the wire imports errors alone, the broker nothing of the client, and one room kafkajs', () => {
  const importing = (room: string, target: string) => ({ [`${room}/a.ts`]: `import '../${target}';\n`, [target]: '' });
  for (const target of ['config/x.ts', 'observe/x.ts', 'options/x.ts', 'kafka/x.ts', 'broker/x.ts'])
    expect(problems(importing('wire', target))).toEqual([`wire/a.ts:1 imports ../${target}: wire may import errors`]);
  for (const target of ['config/x.ts', 'kafka/x.ts', 'topics/x.ts', 'cli/x.ts'])
    expect(problems(importing('broker', target))[0]).toMatch(/^broker\/a\.ts:1 imports .*: broker may import wire/);
  expect(problems({ 'runtime/a.ts': "import 'kafkajs';\n" })).toEqual(['runtime/a.ts:1 imports kafkajs: only kafka/kafkajs may']);
});

it('refuses a room that the table does not have, and an import out of the tree', () => {
  expect(problems({ 'attic/box.ts': "import '../../package.json';\n" })).toEqual([
    'attic/box.ts: belongs to no room of the table of directions',
  ]);
  expect(problems({ 'app.ts': "import '../examples/app.ts';\n" })[0]).toMatch(
    /^app\.ts:1 imports \.\.\/examples\/app\.ts: app may import runtime/,
  );
  expect(() => planted({ 'app.ts': "import './nothing.ts';\n" })).toThrow('app.ts:1 imports ./nothing.ts, which is not a file of the tree');
});

it('counts casts and non-null assertions, but not `as const`, `satisfies` or renamed imports', () => {
  const casts = 'export const a = 1 as number;\nexport const b = <unknown>1;\nexport const c = a!;\n';
  const others = "import { join as j } from 'node:path';\nexport const d = [j] as const;\nexport const e = { a: 1 } satisfies object;\n";
  expect(problems({ 'app.ts': casts + others })).toEqual([
    '2 casts, at most 1 are allowed: use a type guard, a generic or satisfies',
    '1 non-null assertions, at most 0 are allowed',
  ]);
});

it('refuses a long file', () => {
  const files = { 'app.ts': '// a line\n'.repeat(11), 'errors.ts': '// a line\n'.repeat(10) };
  expect(problems(files)).toEqual(['app.ts has 11 lines: a file has at most 10']);
});

it('prints the lengths of files and functions', () => {
  const body = (lines: number) => `{\n${'  work();\n'.repeat(lines - 2)}}\n`;
  const text = `function short() ${body(3)}const arrow = () => ${body(5)}class C {\n  method() ${body(9)}}\nconst one = () => 1;\n`;
  const figures = figuresOf(planted({ 'app.ts': text, 'errors.ts': '// a line\n' }));
  expect(figures.functions).toMatchObject({ count: 3, median: 5, ninetieth: 9 });
  expect(printed(figures).split('\n')).toEqual([
    'files      2: median 1 lines, 90th percentile 20, largest 20',
    '            20  app.ts:1',
    '             1  errors.ts:1',
    'functions  3: median 5 lines, 90th percentile 9, largest 9',
    '             9  app.ts:10',
    '             5  app.ts:4',
    '             3  app.ts:1',
    'cycles     0',
    'casts      0, and 0 non-null assertions',
  ]);
});

it('an app loads no change capture, converters, training, evaluators or writers of sinks with the package', () => {
  const { internal } = readTree(fileURLToPath(new URL('../../src', import.meta.url)));
  const loaded = new Set<string>();
  const open = ['index.ts'];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    for (const { target, isLoaded } of internal.get(path) ?? []) if (isLoaded) open.push(target);
  }
  const folders = new Set([...loaded].map((path) => dirname(path)));
  expect(folders).toContain('models/protocols');
  for (const folder of ['connect/postgres', 'connect/connect-data', 'models/training', 'models/xgboost', 'models/onnx', 'broker'])
    expect([...folders].filter((each) => `${each}/`.startsWith(`${folder}/`))).toEqual([]);
  expect(loaded).not.toContain('connect/postgres-sink/postgres-writer.ts');
});
