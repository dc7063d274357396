import type { ModelKind } from './kind.ts';

/** The description of a model file. */
export interface ModelAbout {
  /** Undefined when it is not a known kind of model. */
  readonly kind: ModelKind | undefined;
  /** `JSON`, `UBJSON` or `ONNX`. */
  readonly format: string | undefined;
  readonly bytes: number;
  /** The first 12 digits of the content's SHA-256: changes with the file, and only then. */
  readonly version: string;
  /** As `XGBoost 3.2.0`; undefined when the file does not say. */
  readonly writtenBy?: string | undefined;
  /** The reason why it cannot be scored here; undefined when it can. */
  readonly unsupported?: { readonly reason: string; readonly next: string | undefined } | undefined;
  /** `gbtree`, `dart` or `gblinear`. */
  readonly booster?: string | undefined;
  readonly objective?: string | undefined;
  /** Of a linear model: `logit` or `identity`. */
  readonly link?: string | undefined;
  /** Numbers, or fields, of a row. */
  readonly features?: number | undefined;
  /** Empty when the file does not name them. */
  readonly featureNames?: readonly string[] | undefined;
  readonly featureTypes?: readonly string[] | undefined;
  /** The number of categories of each feature whose categories the file names. */
  readonly categories?: Readonly<Record<string, number>> | undefined;
  /** Margins of a row. */
  readonly outputs?: number | undefined;
  /** Numbers of an answer. */
  readonly answers?: number | undefined;
  readonly trees?: number | undefined;
  readonly rounds?: number | undefined;
  /** Rounds that are summed: fewer than `rounds` after early stopping. */
  readonly roundsUsed?: number | undefined;
  readonly baseScore?: readonly number[] | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export type Details = Omit<ModelAbout, 'kind' | 'bytes' | 'version' | 'unsupported'>;
