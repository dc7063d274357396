import { ConfigError } from '../../errors.ts';
import type { FileAnswer } from '../../models/file/index.ts';

/** Answers as services of classifiers give them: the label, in a list of one, and the probability of that label. */
export const labelled = {
  /** @throws ConfigError when the model has another number of classes */
  check(labels: readonly string[], answers: number | undefined): void {
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
