import { ConfigError } from '../../errors.ts';
import type { Features } from '../features/features.ts';
import { linear } from '../linear/linear.ts';
import type { LinearLink } from '../linear/linear-file.ts';
import type { Model } from '../model.ts';
import { onnx } from '../onnx/onnx.ts';
import type { AnyRecord } from '../record.ts';
import type { Rounds } from '../xgboost/rounds.ts';
import type { FeatureRow } from '../xgboost/row-writer.ts';
import { xgboost } from '../xgboost/xgboost.ts';
import type { ModelAbout } from './about.ts';
import { describeModel } from './describe.ts';

/** A number, or a list where the model answers several for a row. */
export type FileAnswer = number | readonly number[];

export interface OpenOptions {
  /** How rows that are objects become numbers. A list is always the model's own features. */
  readonly features?: Features<AnyRecord> | undefined;
  /** Answer the sum as it is, before the objective's transform. @default false */
  readonly margin?: boolean | undefined;
  /** Of boosted trees. @default 'best' */
  readonly rounds?: Rounds | undefined;
  /** For a linear model whose file does not give one. */
  readonly link?: LinearLink | undefined;
  /** Threads that score, for boosted trees. @default 0: the caller's */
  readonly threads?: number | undefined;
  /** For boosted trees: an answer that is NaN or infinite is refused, or given. @default 'refuse' */
  readonly nonFinite?: 'refuse' | 'answer' | undefined;
  /** For messages. */
  readonly name: string;
}

export interface OpenModel {
  readonly about: ModelAbout;
  readonly model: Model<FeatureRow, FileAnswer>;
  /** True when the numbers of an answer have 32 bits. */
  readonly isFloat32: boolean;
}

/**
 * Resolves to a model of any kind that is scored here, from its bytes: loaded and ready.
 *
 * @throws ConfigError with the reason, when it cannot be scored exactly
 */
export async function openModel(bytes: Uint8Array, options: OpenOptions): Promise<OpenModel> {
  const { name, link } = options;
  const about = await describeModel(bytes, { link });
  const { kind, unsupported } = about;
  if (unsupported !== undefined || kind === undefined)
    throw new ConfigError(`${name}: ${unsupported?.reason ?? 'no model'}`, { next: unsupported?.next });
  const model = kind === 'linear' ? linearModel(bytes, options) : listModel(bytes, options, about);
  await model.start?.();
  return { about, model, isFloat32: kind !== 'linear' };
}

function linearModel(bytes: Uint8Array, { name, link, margin, features, rounds }: OpenOptions): Model<FeatureRow, FileAnswer> {
  if (rounds !== undefined) throw new ConfigError(`${name}: rounds are for boosted trees, and this is a linear model`);
  return linear<FeatureRow>(bytes, { name, link, margin, features: forAnyRow(features) });
}

function listModel(bytes: Uint8Array, options: OpenOptions, about: ModelAbout): Model<FeatureRow, FileAnswer> {
  const { name, margin = false, rounds, nonFinite, threads = 0, link } = options;
  const features = forAnyRow(options.features);
  if (link !== undefined) throw new ConfigError(`${name}: a link is for linear models, and this is ${about.kind}`);
  const isNumber = (margin ? about.outputs : about.answers) === 1;
  if (about.kind === 'xgboost') {
    const shared = { name, features, margin, rounds, nonFinite, inThread: threads };
    return isNumber ? xgboost<FeatureRow>(bytes, shared) : xgboost<FeatureRow>(bytes, { ...shared, answer: 'list' });
  }
  if (margin || rounds !== undefined) throw new ConfigError(`${name}: a model in ONNX has neither margins nor rounds to choose`);
  return isNumber ? onnx<FeatureRow>(bytes, { name, features }) : onnx<FeatureRow>(bytes, { name, features, answer: 'list' });
}

/** Features encode objects alone; rows that are lists never reach them (`listsAsTheyAre`). */
function forAnyRow(features: Features<AnyRecord> | undefined): Features<FeatureRow> | undefined {
  return features as Features<FeatureRow> | undefined;
}
