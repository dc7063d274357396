import { numberOf } from '../../models/training/infer.ts';
import { CommandError } from '../command-error.ts';
import type { DataRow } from './csv-data.ts';

/** What is to be predicted: a number, or whether the target has one of its values. */
export type Task = { readonly kind: 'regression' } | { readonly kind: 'binary'; readonly positive: string };

const POSITIVE = ['1', 'yes', 'true', 'y', 't', 'positive'];
const SHOWN = 6;

export interface TaskOptions {
  readonly target: string;
  readonly positive: string | undefined;
  /** What the model or the options ask for; undefined: what the target looks like. */
  readonly kind: Task['kind'] | undefined;
}

/** @throws CommandError when the target does not fit */
export function taskOf(rows: readonly DataRow[], { target, positive, kind }: TaskOptions): Task {
  const values = new Set(rows.map(({ cells }) => cells[target] as string).filter((cell) => cell !== ''));
  const list = `${[...values].slice(0, SHOWN).join(', ')}${values.size > SHOWN ? ', ...' : ''}`;
  if (positive !== undefined) {
    if (kind === 'regression') throw new CommandError(2, '--positive is for yes-or-no targets, and the objective is squared-error');
    if (!values.has(positive)) throw new CommandError(2, `--positive: the target ${target} has no value ${positive}; it has ${list}`);
    return { kind: 'binary', positive };
  }
  const isNumbers = [...values].every((value) => typeof numberOf(value) === 'number');
  if (kind === 'regression' || (kind === undefined && values.size !== 2 && isNumbers)) return { kind: 'regression' };
  const [yes, other] = [...values].filter((value) => POSITIVE.includes(value.toLowerCase()));
  if (values.size === 2 && yes !== undefined && other === undefined) return { kind: 'binary', positive: yes };
  if (values.size < 2) throw new CommandError(1, `the target ${target} has ${values.size === 0 ? 'no value' : `the one value ${list}`}`);
  throw new CommandError(2, `the target ${target} has the values ${list}`, {
    next: `Say which one is to be predicted, against the others: --positive VALUE${isNumbers && kind === undefined ? '; or, where it is a number, --objective squared-error' : ''}.`,
  });
}

/** @returns the label, or what is wrong with it */
export function labelOf({ cells }: DataRow, target: string, task: Task): number | string {
  const cell = cells[target] as string;
  if (cell === '') return `the target ${JSON.stringify(target)} is empty`;
  if (task.kind === 'binary') return cell === task.positive ? 1 : 0;
  const number = numberOf(cell);
  if (number && !Number.isFinite(Math.fround(number)))
    return `the target ${JSON.stringify(target)} must be finite in 32 bits, got ${cell.slice(0, 60)}`;
  return number ?? `the target ${JSON.stringify(target)} must be a number, got ${JSON.stringify(cell.slice(0, 60))}`;
}
