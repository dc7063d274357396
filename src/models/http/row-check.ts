import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isThenable } from '../../timing/index.ts';
import { ModelError, type RowOutcome } from '../model-error.ts';
import { answerRule, findInexact } from './inexact.ts';
import { shown } from './json.ts';

/**
 * Checks one answer: every value in it is exact and every number finite, it is not null unless the schema allows that, and it fits the
 * schema. A value that is not exact is final: the same row would get the same answer.
 */
export function checkRow<Answer>(
  answer: unknown,
  at: number,
  schema: StandardSchemaV1<unknown, Answer> | undefined,
  url: string,
): RowOutcome<Answer> | Promise<RowOutcome<Answer>> {
  const inexact = findInexact(answer, answerRule);
  if (inexact !== undefined)
    return refused(`answered ${shown(answer)} for row ${at}: ${inexact.place || 'it'} ${inexact.problem}`, url, false);
  if (schema === undefined) {
    if (answer === null || answer === undefined) return refused(`answered ${answer} for row ${at}`, url, false);
    return { answer: asDeclared<Answer>(answer) };
  }
  const result = schema['~standard'].validate(answer);
  if (!isThenable(result)) return outcomeOf(result, answer, at, url);
  return Promise.resolve(result).then((late) => outcomeOf(late, answer, at, url));
}

/** Without a schema, the type of the answers is the caller's claim. */
function asDeclared<Answer>(answer: unknown): Answer {
  return answer as Answer;
}

function outcomeOf<Answer>(result: StandardSchemaV1.Result<Answer>, answer: unknown, at: number, url: string): RowOutcome<Answer> {
  if (result.issues === undefined) return { answer: result.value };
  const words = result.issues.slice(0, 3).map((issue) => `${pathOf(issue)}${issue.message}`);
  return refused(`answered row ${at} with ${shown(answer)}: ${words.join('; ')}`, url, true);
}

function refused(what: string, url: string, retryable: boolean): { error: ModelError } {
  return { error: new ModelError('ANSWER', `the model at ${url} ${what}`, { retryable }) };
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path && `${path}: `;
}
