import { App, type Behaviour, inference, json, string } from 'streamerjs';
import { http } from 'streamerjs/models';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';

const Customer = z.object({ age: z.number(), job: z.string() });
const Answer = z.object({ prediction: z.enum(['Yes', 'No']), probability: z.number() });

describe('the types of inference', () => {
  const app = new App({ id: 'types' });
  const customers = app.topic('customers', { key: string(), value: json(Customer) });
  const predictions = app.topic('predictions', { key: string(), value: json(Customer.extend(Answer.shape)) });
  const anything = app.topic('anything', { key: string(), value: json() });
  const url = 'http://127.0.0.1:3000/predict';

  it('are inferred: the customer from the topic, the answer from the schema, the output from the result', () => {
    app.agent(
      'typed',
      customers,
      inference({
        model: http.rows(url, { schema: Answer }),
        features: (customer, event) => {
          expectTypeOf(customer).toEqualTypeOf<{ age: number; job: string }>();
          expectTypeOf(event.key).toEqualTypeOf<string>();
          return customer;
        },
        result: (customer, answer) => {
          expectTypeOf(answer).toEqualTypeOf<{ prediction: 'Yes' | 'No'; probability: number }>();
          return { ...customer, ...answer };
        },
        batch: { size: 32, waitMs: 5 },
        inFlight: 8,
        timeoutMs: 2_000,
      }),
      { to: predictions },
    );
    expect(app.agents.get('typed')?.behaviour).toMatchObject({ name: 'inference', capacity: 256 });
  });

  it('need no schema where the topic takes anything', () => {
    app.agent(
      'loose',
      customers,
      inference({ model: http.rows(url), features: (customer) => customer, result: (customer, answer) => ({ ...customer, ...answer }) }),
      { to: anything },
    );
    expect(app.agents.has('loose')).toBe(true);
  });

  it('refuse a result that the topic does not take, and features that the model does not take', () => {
    const model = http.rows<{ age: number }, { p: number }>(url);
    app.agent(
      'wrong-result',
      customers,
      inference({ model, features: ({ age }) => ({ age }), result: (_customer, { p }) => ({ p }) }),
      // @ts-expect-error the topic takes customers with a prediction
      { to: predictions },
    );
    // @ts-expect-error the model is asked about an age
    app.agent('wrong-features', customers, inference({ model, features: ({ job }) => ({ job }), result: () => ({}) }), { to: anything });
    expect(app.agents.has('wrong-features')).toBe(true);
  });

  it('make a behaviour of any key and value', () => {
    const model = http.rows<string, number>(url);
    const made = inference({ model, features: (text: string) => text, result: (text, length) => ({ text, length }) });
    expectTypeOf(made).toExtend<Behaviour<unknown, string, { text: string; length: number }>>();
    expect(made.unit).toBe('key');
  });
});
