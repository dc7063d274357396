import * as v from 'valibot';
import { asItCame } from '../shared/as-it-came.ts';

const number = v.pipe(v.number(), v.finite());
const text = v.string();

const Fields = v.looseObject({
  /** In years. */
  age: number,
  job: text,
  marital: text,
  education: text,
  /** Has credit in default: yes or no. */
  default: text,
  /** Average yearly balance in euros. */
  balance: number,
  housing: text,
  loan: text,
  /** Day of the month of the last contact. */
  day: number,
  /** Length of the last contact in seconds. Known only when the call is over. */
  duration: number,
  /** Contacts in this campaign, this one included. */
  campaign: number,
  /** Days since the contact of an earlier campaign; -1 = there was none. */
  pdays: number,
  /** Contacts before this campaign. */
  previous: number,
  /** Outcome of the earlier campaign. */
  poutcome: text,
});

/**
 * One customer of the bank, as UCI's "Bank Marketing" data describes them: the 14 fields that an event carries. A record in
 * which one is missing is not a customer: it goes to the dead-letter topic. Fields beyond these are passed on.
 */
export const Customer = asItCame(Fields);
export type Customer = v.InferOutput<typeof Fields>;

export const FIELDS = v.keyof(Fields).options;

const Label = v.picklist(['Yes', 'No']);

/** What the model service answers for one row. */
export const Answer = v.object({
  prediction: v.tuple([Label]),
  /** Of the answer given: at least 0.5. */
  probability: number,
  probabilityYes: number,
});
export type Answer = v.InferOutput<typeof Answer>;

const Predicted = v.looseObject({ ...Fields.entries, ...Answer.entries, prediction: Label });

/** A customer with the model's answer. */
export const Prediction = asItCame(Predicted);
export type Prediction = v.InferOutput<typeof Predicted>;

/** How often the model has said what. */
export const Answers = v.object({ yes: number, no: number });
export type Answers = v.InferOutput<typeof Answers>;

const NUMBERS = new Set(FIELDS.filter((field) => Fields.entries[field] === number));

/** A row of the CSV file as a customer. Throws what is wrong with it. */
export function customerOf(row: Readonly<Record<string, string>>): Customer {
  const customer: Record<string, string | number> = {};
  for (const field of FIELDS) {
    const text = row[field]?.trim() ?? '';
    if (text === '') throw new Error(`${field} is missing`);
    const value = NUMBERS.has(field) ? Number(text) : text;
    if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      throw new Error(`${field} must be a number, got ${JSON.stringify(text)}`);
    }
    customer[field] = value;
  }
  return customer as Customer;
}
