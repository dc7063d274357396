import { z } from 'zod';

/**
 * One customer of the bank, as UCI's "Bank Marketing" data describes them: the 14 fields that an event carries. A record in
 * which one is missing is not a customer: it goes to the dead-letter topic. Fields beyond these are passed on.
 */
export const Customer = z.looseObject({
  /** In years. */
  age: z.number(),
  job: z.string(),
  marital: z.string(),
  education: z.string(),
  /** Has credit in default: yes or no. */
  default: z.string(),
  /** Average yearly balance in euros. */
  balance: z.number(),
  housing: z.string(),
  loan: z.string(),
  /** Day of the month of the last contact. */
  day: z.number(),
  /** Length of the last contact in seconds. Known only when the call is over. */
  duration: z.number(),
  /** Contacts in this campaign, this one included. */
  campaign: z.number(),
  /** Days since the contact of an earlier campaign; -1 = there was none. */
  pdays: z.number(),
  /** Contacts before this campaign. */
  previous: z.number(),
  /** Outcome of the earlier campaign. */
  poutcome: z.string(),
});
export type Customer = z.infer<typeof Customer>;

export const FIELDS = Object.keys(Customer.shape) as ReadonlyArray<keyof typeof Customer.shape>;

const Label = z.enum(['Yes', 'No']);

/** What the model service answers for one row. */
export const Answer = z.object({
  prediction: z.tuple([Label]),
  /** Of the answer given: at least 0.5. */
  probability: z.number(),
  probabilityYes: z.number(),
});
export type Answer = z.infer<typeof Answer>;

/** A customer with the model's answer. */
export const Prediction = Customer.extend({ ...Answer.shape, prediction: Label });
export type Prediction = z.infer<typeof Prediction>;

const NUMBERS = new Set(FIELDS.filter((field) => Customer.shape[field] instanceof z.ZodNumber));

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
