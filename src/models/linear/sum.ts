import { ModelError } from '../model-error.ts';
import type { LinearField } from './linear-field.ts';
import type { LinearFile } from './linear-file.ts';

export interface SumOptions {
  /** A category without a coefficient adds nothing, as in scikit-learn's encoder, or the row is refused. */
  readonly unknownCategory: 'zero' | 'refuse';
}

/** Returns a field value's part of the sum. */
export type Term = (value: unknown) => number;

/** @throws ModelError `REFUSED`, from a term: the value is missing, or of another type */
export function termsOf({ fields }: LinearFile, options: SumOptions): Term[] {
  return fields.map((field) => (field.kind === 'number' ? numberTerm(field) : categoryTerm(field, options)));
}

function numberTerm({ field, mean, deviation, log, coefficient }: LinearField & { kind: 'number' }): Term {
  return (value) => {
    const x = typeof value === 'boolean' ? Number(value) : value;
    if (typeof x !== 'number' || !Number.isFinite(x)) throw unfit(field, 'a finite number', value);
    return (((log ? Math.sign(x) * Math.log1p(Math.abs(x)) : x) - mean) / deviation) * coefficient;
  };
}

function categoryTerm({ field, coefficients }: LinearField & { kind: 'category' }, { unknownCategory }: SumOptions): Term {
  return (value) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw unfit(field, 'a string', value);
    const coefficient = coefficients.get(String(value));
    if (coefficient === undefined && unknownCategory === 'refuse')
      throw unfit(field, `one of ${[...coefficients.keys()].slice(0, 12).join(', ')}`, value);
    return coefficient ?? 0;
  };
}

function unfit(field: string, wanted: string, value: unknown): ModelError {
  const got =
    value === undefined || value === null || Number.isNaN(value)
      ? 'it is missing, and a linear model has no answer then'
      : `got ${JSON.stringify(value)?.slice(0, 60)}`;
  return new ModelError('REFUSED', `the field ${JSON.stringify(field)} must be ${wanted}; ${got}`, { field });
}
