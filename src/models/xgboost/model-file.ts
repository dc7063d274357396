import { ConfigError } from '../../errors.ts';
import { type Booster, readBooster } from './booster.ts';
import { parseDocument } from './document.ts';
import type { Field } from './field.ts';
import { OBJECTIVE_NAMES, type Objective, objectiveOf } from './objective.ts';

/** The content of an XGBoost model file, read and checked. */
export interface ModelFile {
  /** Version of the library that wrote it, as `3.2.0`; undefined when the file does not have it. */
  readonly version: string | undefined;
  readonly objective: Objective;
  readonly booster: Booster;
  /** Numbers in a row. */
  readonly features: number;
  /** Margins of a row. */
  readonly outputs: number;
  /** As predictions: one for all outputs, or one each. */
  readonly baseScore: Float32Array;
  /**
   * True when the base score is the margin itself, as XGBoost 3.1 and later read a model that was never boosted and was given no base score.
   * In all other cases it is a prediction.
   */
  readonly isBaseScoreMargin: boolean;
  /** Empty when the file does not name them. */
  readonly featureNames: readonly string[];
  /** `float`, `int`, `i` (yes or no), `q`, `c` (category); empty when the file does not have them. */
  readonly featureTypes: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

/** Versions whose files were compared with the library's own predictions. */
const FIRST = [1, 6] as const;
const LAST = [3, 2] as const;

export interface ReadOptions {
  /** Read files of versions before 1.6 and after 3.2 too, whose predictions were not compared. @default false */
  readonly anyVersion?: boolean | undefined;
}

/**
 * Reads an XGBoost model file, JSON or UBJSON, of version 1.6 to 3.2.
 *
 * @throws ConfigError naming the place in the file, when it is damaged, or of a kind that would not be scored exactly
 */
export function readModelFile(bytes: Uint8Array, { anyVersion = false }: ReadOptions = {}): ModelFile {
  const root = parseDocument(bytes);
  const version = readVersion(root.find('version'));
  if (version !== undefined && !anyVersion) checkVersion(version);
  const learner = root.get('learner');
  const params = learner.get('learner_model_param');
  const features = params.get('num_feature').whole();
  const outputs = Math.max(params.get('num_class').whole(0, 1_000_000), params.find('num_target')?.whole(0, 1_000_000) ?? 1, 1);
  const objective = readObjective(learner.get('objective').get('name'), outputs);
  const hasBounds = version !== undefined && !isAtLeast(version, 1, 7);
  const booster = readBooster(learner.get('gradient_booster'), { features, outputs, hasBounds });
  return {
    version: version?.join('.'),
    objective,
    features,
    outputs,
    baseScore: readBaseScore(params.get('base_score'), outputs),
    featureNames: readTexts(learner.find('feature_names'), features),
    featureTypes: readTexts(learner.find('feature_types'), features),
    attributes: readAttributes(learner.find('attributes')),
    isBaseScoreMargin: readIsBaseScoreMargin(params, booster, version),
    booster,
  };
}

type Version = readonly [major: number, minor: number, patch: number];

function readVersion(field: Field | undefined): Version | undefined {
  if (field === undefined) return undefined;
  const [major = 0, minor = 0, patch = 0] = field.wholes();
  return [major, minor, patch];
}

function checkVersion(version: Version): void {
  if (isAtLeast(version, ...FIRST) && !isAtLeast(version, LAST[0], LAST[1] + 1)) return;
  const next = 'Set `anyVersion: true` to read it all the same, and compare some predictions with the library that wrote it.';
  const known = `files of ${FIRST.join('.')} to ${LAST.join('.')} are known to be scored exactly`;
  throw new ConfigError(`the model file was written by XGBoost ${version.join('.')}; ${known}`, { next });
}

function isAtLeast([major, minor]: Version, wantedMajor: number, wantedMinor: number): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function readIsBaseScoreMargin(params: Field, booster: Booster, version: Version | undefined): boolean {
  const rounds = booster.kind === 'gblinear' ? booster.rounds : booster.forest.trees;
  const isGiven = params.find('boost_from_average')?.whole() === 0;
  const isSince = version === undefined ? params.get('base_score').text().includes('[') : isAtLeast(version, 3, 1);
  return rounds === 0 && !isGiven && isSince;
}

function readObjective(field: Field, outputs: number): Objective {
  const objective = objectiveOf(field.text());
  if (objective === undefined)
    throw new ConfigError(`the objective ${JSON.stringify(field.text())} is not supported, so its predictions would be guesses`, {
      next: `Supported are ${OBJECTIVE_NAMES.join(', ')}.`,
    });
  if (objective.name.startsWith('multi:') && outputs < 2) throw field.wrong(`is ${objective.name}, and there is one output`);
  return objective;
}

/** `"5E-1"`; since 3.1 `"[5E-1]"` or `"[6.4E-2,4.0E-1]"`. */
function readBaseScore(field: Field, outputs: number): Float32Array {
  const text = typeof field.value === 'number' ? String(field.value) : field.text().trim();
  const parts = text.replace(/^\[(.*)\]$/, '$1').split(',');
  const scores = Float32Array.from(parts, (part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (scores.some((score) => !Number.isFinite(score)))
    throw field.wrong(`must be a number or a list of them, got ${JSON.stringify(text.slice(0, 60))}`);
  if (scores.length !== 1 && scores.length !== outputs) throw field.wrong(`has ${scores.length} numbers for ${outputs} outputs`);
  return scores;
}

function readTexts(field: Field | undefined, features: number): string[] {
  const texts = field?.list().map((item) => item.text()) ?? [];
  if (field !== undefined && texts.length !== 0 && texts.length !== features)
    throw field.wrong(`has ${texts.length} items for ${features} features`);
  return texts;
}

function readAttributes(field: Field | undefined): Record<string, string> {
  return Object.fromEntries(field?.keys().map((name) => [name, field.get(name).text()]) ?? []);
}
