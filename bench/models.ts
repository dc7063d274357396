/**
 * Rows a second of processor time of models in process, at batches of 1, 32 and 256.
 *
 *     npx tsc -p tsconfig.bench.json && node dist/bench/models.js
 *
 * On a forest made here: 100 trees of depth 6 on 12 features. With MODELS_DIR set, on the car model found there, beside
 * onnxruntime-node where it is installed.
 *
 * Rows rotate, so that the processor does not learn their way by heart. Time is that of the processor, of all threads of this process, so that
 * what else runs on the machine counts little; ratios count, of the best of the rounds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnx, XgboostEvaluator, xgboost } from 'streamerjs/models';

const FEATURES = 12;
const ROWS = 3_584;
const ROUNDS = 5;
const ROUND_S = 0.3;

interface Contestant {
  readonly name: string;
  /** Scores `count` rows from row `at` on. */
  readonly score: (at: number, count: number) => unknown;
}

type Node = number | { readonly feature: number; readonly below: number; readonly left: Node; readonly right: Node };

/** Mulberry32: the same forest and rows in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(1);

function grown(depth: number): Node {
  if (depth === 0) return next() - 0.5;
  return { feature: Math.floor(next() * FEATURES), below: next(), left: grown(depth - 1), right: grown(depth - 1) };
}

function written(root: Node) {
  const tree = { left_children: [-1], right_children: [-1], split_indices: [0], split_conditions: [0], default_left: [0] };
  const add = (node: Node, at: number): void => {
    tree.split_conditions[at] = typeof node === 'number' ? node : node.below;
    if (typeof node === 'number') return;
    tree.split_indices[at] = node.feature;
    tree.left_children[at] = room();
    tree.right_children[at] = room();
    add(node.left, tree.left_children[at]);
    add(node.right, tree.right_children[at]);
  };
  const room = (): number => {
    for (const list of [tree.left_children, tree.right_children]) list.push(-1);
    for (const list of [tree.split_indices, tree.split_conditions]) list.push(0);
    return tree.default_left.push(0) - 1;
  };
  add(root, 0);
  return { ...tree, tree_param: { num_nodes: String(tree.default_left.length), size_leaf_vector: '1' } };
}

function generated(): Uint8Array {
  const trees = Array.from({ length: 100 }, () => written(grown(6)));
  const model = { gbtree_model_param: { num_trees: '100', num_parallel_tree: '1' }, tree_info: trees.map(() => 0), trees };
  const params = { base_score: '5E-1', num_class: '0', num_feature: String(FEATURES), num_target: '1' };
  const learner = { learner_model_param: params, objective: { name: 'reg:squarederror' }, gradient_booster: { name: 'gbtree', model } };
  return new TextEncoder().encode(JSON.stringify({ version: [3, 2, 0], learner }));
}

/** What one writes in an hour: objects, numbers of 64 bits. It is not exact: values between two floats fall on the wrong side. */
function byHand(bytes: Uint8Array, rows: readonly number[][]): Contestant {
  const { trees } = JSON.parse(new TextDecoder().decode(bytes)).learner.gradient_booster.model as { trees: ReturnType<typeof written>[] };
  const nodeOf = (tree: ReturnType<typeof written>, at: number): Node => {
    const left = tree.left_children[at] as number;
    const value = tree.split_conditions[at] as number;
    if (left === -1) return value;
    return {
      feature: tree.split_indices[at] as number,
      below: value,
      left: nodeOf(tree, left),
      right: nodeOf(tree, tree.right_children[at] as number),
    };
  };
  const roots = trees.map((tree) => nodeOf(tree, 0));
  const scoreOne = (row: readonly number[]): number => {
    let sum = 0.5;
    for (let node of roots) {
      while (typeof node !== 'number') node = (row[node.feature] as number) < node.below ? node.left : node.right;
      sum += node;
    }
    return sum;
  };
  return { name: 'objects, by hand', score: (at, count) => rows.slice(at, at + count).map(scoreOne) };
}

/** Seconds of processor time that this process has used, in all its threads. */
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Rows a second of processor time, best of the rounds, which alternate between the contestants. */
async function measure(contestants: readonly Contestant[], batch: number): Promise<number[]> {
  const best = contestants.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [place, { score }] of contestants.entries()) {
      const start = used();
      let rows = 0;
      let at = 0;
      while (used() - start < ROUND_S) {
        for (let calls = 0; calls < Math.max(1, 256 / batch); calls++) {
          const scored = score(at, batch);
          if (scored instanceof Promise) await scored;
          rows += batch;
          at = at + 2 * batch > ROWS ? 0 : at + batch;
        }
      }
      best[place] = Math.max(best[place] as number, rows / (used() - start));
    }
  }
  return best;
}

const folder = process.env.MODELS_DIR;
const fromFolder = folder !== undefined && existsSync(join(folder, 'models/car.json'));
const bytes = fromFolder ? readFileSync(join(folder, 'models/car.json')) : generated();

function rowsOf(): number[][] {
  if (!fromFolder) return Array.from({ length: ROWS }, () => Array.from({ length: FEATURES }, () => Math.fround(next())));
  const lines = readFileSync(join(folder, 'goldens/car.jsonl'), 'utf8').trim().split('\n');
  const known = lines.map((line) => JSON.parse(line) as { kind: string; features: number[] }).filter(({ kind }) => kind === 'real');
  const jitter = () => 1 + (next() - 0.5) * 0.1;
  return Array.from({ length: ROWS }, (_, at) => (known[at % known.length]?.features ?? []).map((value) => Math.fround(value * jitter())));
}

/** onnxruntime-node without anything of ours around it, one thread: rows are given flat, as to the evaluator. */
async function bareRuntime(file: string): Promise<Contestant['score'] | undefined> {
  const runtime = await import('onnxruntime-node' as string).catch(() => undefined);
  if (runtime === undefined) return undefined;
  const session = await runtime.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  return (at, count) => {
    const numbers = flat.subarray(at * FEATURES, (at + count) * FEATURES);
    return session.run({ [session.inputNames[0]]: new runtime.Tensor('float32', numbers, [count, FEATURES]) });
  };
}

const rows = rowsOf();
const flat = Float32Array.from(rows.flat());
const evaluator = new XgboostEvaluator(bytes);
const model = xgboost(bytes);
const thread = xgboost(bytes, { inThread: true });
const contestants: Contestant[] = [
  byHand(bytes, rows),
  { name: 'XgboostEvaluator', score: (at, count) => evaluator.predictions(flat.subarray(at * FEATURES, (at + count) * FEATURES), count) },
  { name: 'xgboost()', score: (at, count) => model.predict(rows.slice(at, at + count)) },
  { name: 'xgboost(), inThread', score: (at, count) => thread.predict(rows.slice(at, at + count)) },
];
if (fromFolder) {
  const runtime = await bareRuntime(join(folder, 'models/car.onnx'));
  if (runtime !== undefined) contestants.push({ name: 'onnxruntime-node, bare', score: runtime });
  const peer = onnx(join(folder, 'models/car.onnx'));
  const why = await peer.start?.().then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (why === undefined) contestants.push({ name: 'onnx()', score: (at, count) => peer.predict(rows.slice(at, at + count)) });
  else console.log(`onnxruntime-node is left out: ${why}`);
}

console.log(
  `${fromFolder ? 'car.json' : 'a generated forest'}: ${evaluator.file.booster.kind === 'gblinear' ? 0 : evaluator.file.booster.forest.trees} trees, ${FEATURES} features`,
);
for (const batch of [1, 32, 256]) {
  const rates = await measure(contestants, batch);
  console.log(`\nbatch ${batch}`);
  for (const [at, { name }] of contestants.entries()) {
    const rate = rates[at] as number;
    console.log(
      `  ${name.padEnd(22)} ${Math.round(rate).toLocaleString('en').padStart(10)} rows/s   ${(rate / (rates[0] as number)).toFixed(2)}`,
    );
  }
}
await model.close?.();
await thread.close?.();
