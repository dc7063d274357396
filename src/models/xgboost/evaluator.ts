import { addLinear } from './gblinear.ts';
import { type ModelFile, type ReadOptions, readModelFile } from './model-file.ts';
import { type Rounds, treesOf } from './rounds.ts';
import { addTrees } from './walk.ts';

export interface EvaluatorOptions extends ReadOptions {
  /** @default 'best' */
  readonly rounds?: Rounds | undefined;
}

/**
 * Scores rows of float32 numbers as XGBoost does: margins are equal to the last bit, predictions up to the last bits of
 * `exp`. Rows are flat: `features` numbers of the first row, then of the next; NaN is a missing value.
 */
export class XgboostEvaluator {
  readonly file: ModelFile;
  readonly #start: Float32Array;
  readonly #trees: readonly [begin: number, end: number];

  /** @throws ConfigError when the file cannot be read, or has no such rounds */
  constructor(bytes: Uint8Array, { rounds = 'best', ...options }: EvaluatorOptions = {}) {
    this.file = readModelFile(bytes, options);
    this.#start = startOf(this.file);
    const { booster, attributes } = this.file;
    this.#trees = booster.kind === 'gblinear' ? [0, 0] : treesOf(booster, rounds, attributes);
  }

  /** Numbers in a row. */
  get features(): number {
    return this.file.features;
  }

  /** Margins of a row. */
  get outputs(): number {
    return this.file.outputs;
  }

  /** Numbers of a row's prediction: as many as outputs, but one for `multi:softmax`. */
  get width(): number {
    return this.file.objective.link.width(this.outputs);
  }

  /** Returns the margins of `count` rows, `outputs` numbers each. `rows` may be longer. */
  margins(rows: Float32Array, count: number): Float32Array {
    const { features, outputs, booster } = this.file;
    if (rows.length < count * features)
      throw new RangeError(`${count} rows of ${features} features are ${count * features} numbers, got ${rows.length}`);
    const margins = new Float32Array(count * outputs);
    if (outputs === 1) margins.fill(this.#start[0] ?? 0);
    else for (let row = 0; row < count; row++) margins.set(this.#start, row * outputs);
    const [begin, end] = this.#trees;
    if (booster.kind === 'gblinear') addLinear(booster, rows, features, margins, outputs);
    else addTrees(booster.forest, begin, end, rows, features, margins, outputs);
    return margins;
  }

  /** Returns the predictions of `count` rows, `width` numbers each. */
  predictions(rows: Float32Array, count: number): Float32Array {
    const values = this.margins(rows, count);
    this.file.objective.link.apply(values, this.outputs);
    return values.subarray(0, count * this.width);
  }
}

/** Returns the start of the sum, by output. */
function startOf({ baseScore, isBaseScoreMargin, objective, outputs, booster }: ModelFile): Float32Array {
  // The library adds the first base score to every output of a linear booster.
  const at = (output: number) => (baseScore.length === 1 || booster.kind === 'gblinear' ? 0 : output);
  return Float32Array.from({ length: outputs }, (_, output) => {
    const score = baseScore[at(output)] ?? 0;
    return isBaseScoreMargin ? score : objective.startOf(score);
  });
}
