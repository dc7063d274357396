const { fround } = Math;

/** Turns margins into predictions, in place. Rows have `outputs` numbers each before, and `width` after. */
interface Link {
  /** Values of one row's prediction. */
  readonly width: (outputs: number) => number;
  readonly apply: (values: Float32Array, outputs: number) => void;
}

export interface Objective {
  readonly name: string;
  readonly link: Link;
  /** Turns `base_score`, which the file keeps as a prediction, into the margin with which the sum starts. */
  readonly startOf: (baseScore: number) => number;
}

const each = (of: (margin: number) => number): Link => ({
  width: (outputs) => outputs,
  apply(values) {
    for (let i = 0; i < values.length; i++) values[i] = of(values[i] ?? 0);
  },
});

const identity: Link = { width: (outputs) => outputs, apply() {} };

/** 88.7 keeps exp finite in float32; 1e-16 is the library's own. */
const sigmoid = each((margin) => fround(1 / fround(fround(fround(Math.exp(Math.min(fround(-margin), fround(88.7)))) + 1) + fround(1e-16))));
const exponential = each((margin) => Math.exp(margin));
const hinge = each((margin) => (margin > 0 ? 1 : 0));

const softprob: Link = {
  width: (outputs) => outputs,
  apply(values, outputs) {
    for (let row = 0; row < values.length; row += outputs) {
      let most = values[row] ?? 0;
      for (let k = row + 1; k < row + outputs; k++) most = Math.max(most, values[k] ?? 0);
      let sum = 0;
      for (let k = row; k < row + outputs; k++) {
        const part = fround(Math.exp(fround((values[k] ?? 0) - most)));
        values[k] = part;
        sum += part;
      }
      const whole = fround(sum);
      for (let k = row; k < row + outputs; k++) values[k] = (values[k] ?? 0) / whole;
    }
  },
};

/** The number of the class with the largest margin; of equal ones, the first. */
const softmax: Link = {
  width: () => 1,
  apply(values, outputs) {
    for (let row = 0, at = 0; row < values.length; row += outputs, at++) {
      let best = 0;
      for (let k = 1; k < outputs; k++) if ((values[row + k] ?? 0) > (values[row + best] ?? 0)) best = k;
      values[at] = best;
    }
  },
};

const asIs = (baseScore: number): number => baseScore;
const logit = (baseScore: number): number => fround(-fround(Math.log(fround(fround(1 / baseScore) - 1))));
const log = (baseScore: number): number => fround(Math.log(baseScore));

const plain = { link: identity, startOf: asIs };
const logistic = { link: sigmoid, startOf: logit };
const positive = { link: exponential, startOf: log };

/** XGBoost's transforms of margins, by the name of the objective (`src/objective` of the library). */
const OBJECTIVES: Readonly<Record<string, Omit<Objective, 'name'>>> = {
  'reg:squarederror': plain,
  'reg:squaredlogerror': plain,
  'reg:absoluteerror': plain,
  'reg:pseudohubererror': plain,
  'reg:quantileerror': plain,
  'rank:pairwise': plain,
  'rank:ndcg': plain,
  'rank:map': plain,
  'binary:logitraw': plain,
  'binary:logistic': logistic,
  'reg:logistic': logistic,
  'count:poisson': positive,
  'reg:gamma': positive,
  'reg:tweedie': positive,
  'survival:cox': positive,
  'survival:aft': positive,
  'binary:hinge': { link: hinge, startOf: asIs },
  'multi:softprob': { link: softprob, startOf: asIs },
  'multi:softmax': { link: softmax, startOf: asIs },
};

export const OBJECTIVE_NAMES: readonly string[] = Object.keys(OBJECTIVES);

/** @throws RangeError when there is no such objective */
export function objectiveNamed(name: string): Objective {
  const objective = objectiveOf(name);
  if (objective === undefined) throw new RangeError(`there is no objective ${name}`);
  return objective;
}

export function objectiveOf(name: string): Objective | undefined {
  const found = Object.hasOwn(OBJECTIVES, name) ? OBJECTIVES[name] : undefined;
  return found && { name, ...found };
}
