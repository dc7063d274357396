import { ConfigError } from '../../errors.ts';
import type { FileAnswer, ModelAbout } from '../../models/file/index.ts';

const PROBABILITIES = ['binary:logistic', 'reg:logistic'];

/** Of ONNX it is not known what its numbers are: several are those of a classifier. */
function isProbability({ kind, objective, link, answers = 1 }: ModelAbout): boolean {
  if (kind === 'onnx') return answers > 1;
  if (answers > 1) return objective === 'multi:softprob';
  return link === 'logit' || PROBABILITIES.includes(objective ?? '');
}

/** Answers as services of classifiers give them: the label, in a list of one, and the probability of that label. */
export const labelled = {
  /** @throws ConfigError when the model has another number of classes, or answers no probabilities */
  check(labels: readonly string[], about: ModelAbout, isMargin: boolean): void {
    const { answers } = about;
    if (isMargin || !isProbability(about))
      throw new ConfigError(`--labels needs probabilities, and ${isMargin ? '--margin answers sums' : 'the model answers other numbers'}`);
    const classes = answers === 1 ? 2 : answers;
    if (labels.length !== classes)
      throw new ConfigError(`--labels has ${labels.length} labels, and the model ${classes} classes`, {
        next: 'Name them in order: of two, the second is that of a high number.',
      });
  },
  answer(labels: readonly string[], answer: FileAnswer): { readonly prediction: readonly string[]; readonly probability: number } {
    const chances = typeof answer === 'number' ? [1 - answer, answer] : answer;
    // Of two that are equal, the second: a probability of 0.5 counts as a yes.
    const best = typeof answer === 'number' ? Number(answer >= 0.5) : chances.indexOf(Math.max(...chances));
    return { prediction: [labels[best] as string], probability: chances[best] as number };
  },
};
