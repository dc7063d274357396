import type { Booster } from '../xgboost/booster.ts';
import { parseDocument } from '../xgboost/document.ts';
import { XgboostEvaluator } from '../xgboost/evaluator.ts';
import type { Field } from '../xgboost/field.ts';
import { treesOf } from '../xgboost/rounds.ts';
import { isUbjson } from '../xgboost/ubjson.ts';
import type { Details } from './about.ts';

/** @throws ConfigError when it cannot be scored here */
export function aboutXgboost(bytes: Uint8Array): Details {
  const evaluator = new XgboostEvaluator(bytes);
  const { version, booster, objective, features, featureNames, featureTypes, outputs, baseScore, attributes } = evaluator.file;
  return {
    format: isUbjson(bytes) ? 'UBJSON' : 'JSON',
    writtenBy: version && `XGBoost ${version}`,
    booster: booster.kind,
    objective: objective.name,
    features,
    featureNames,
    featureTypes,
    outputs,
    answers: evaluator.width,
    baseScore: [...baseScore],
    attributes,
    ...ofBooster(booster, featureNames, attributes),
  };
}

function ofBooster(booster: Booster, names: readonly string[], attributes: Readonly<Record<string, string>>): Partial<Details> {
  if (booster.kind === 'gblinear') return { rounds: booster.rounds };
  const [, end] = treesOf(booster, 'best', attributes);
  return {
    trees: booster.forest.trees,
    rounds: booster.rounds.length - 1,
    roundsUsed: booster.rounds.lastIndexOf(end),
    categories: Object.fromEntries(
      [...booster.categories].map(([feature, list]) => [names[feature] ?? String(feature), list.names.length]),
    ),
  };
}

/** Returns the readable parts of the description of a file that cannot be scored. */
export function roughlyXgboost(bytes: Uint8Array): Details {
  const format = isUbjson(bytes) ? 'UBJSON' : 'JSON';
  const root = attempt(() => parseDocument(bytes));
  const version = attempt(() => root?.find('version')?.wholes().join('.'));
  const learner = attempt(() => root?.get('learner'));
  const text = (read: (learner: Field) => string) => attempt(() => learner && read(learner));
  return {
    format,
    writtenBy: version && `XGBoost ${version}`,
    booster: text((field) => field.get('gradient_booster').get('name').text()),
    objective: text((field) => field.get('objective').get('name').text()),
    features: attempt(() => learner?.get('learner_model_param').get('num_feature').whole()),
  };
}

function attempt<Value>(read: () => Value | undefined): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
