import { App, each, inference, json, string } from 'streamerjs';
import { ageBand } from 'streamerjs/agents';
import { bandOf } from './band.ts';
import { modelCommand, simulateCommand } from './commands.ts';
import { type Answer, Answers, Customer, Prediction } from './customer.ts';
import { bankOf } from './model/bank.ts';
import { usage } from './usage.ts';

export const app = new App({ id: 'customer-prediction', version: '1.0.0' });

export const customers = app.topic('customer_pred', { key: string(), value: json(Customer), partitions: 2 });
export const predictions = app.topic('customer_predictions', { key: string(), value: json(Prediction), partitions: 2 });
export const seniors = app.topic('customer_seniors', { key: string(), value: json(Customer), partitions: 2 });
export const seniorPredictions = app.topic('customer_senior_predictions', { key: string(), value: json(Prediction), partitions: 2 });

// MODEL=server (default, at MODEL_URL), in-process or seed.
const { model, answerOf } = usage(() => bankOf(process.env));

const ask = {
  model,
  batch: { size: 32, waitMs: 5 },
  inFlight: 8,
  timeoutMs: 2_000,
  // The model service sends the label as a list of one; we publish it as it is meant.
  result(customer: Customer, answer: Answer | number): Prediction {
    const {
      prediction: [prediction],
      ...chances
    } = answerOf(answer);
    return { ...customer, prediction, ...chances };
  },
};

app.agent('predict', customers, inference({ ...ask, features: (customer) => customer }), { to: predictions });
app.agent(
  'seniors',
  customers,
  ageBand(
    usage(() => bandOf(process.env)),
    (customer) => customer.age,
  ),
  { to: seniors },
);
app.agent('predict-seniors', seniors, inference({ ...ask, features: (customer) => customer }), { to: seniorPredictions });

// What the model says of each job, counted: predictions come under the customer's key, and are brought together by job.
export const answers = app.table('answers', { key: string(), value: json(Answers) });
app.agent(
  'count-answers',
  predictions.groupBy(({ job }) => job, { key: string() }),
  each(
    ({ prediction }, { key: job }) =>
      void answers.update(job, ({ yes, no } = { yes: 0, no: 0 }) => (prediction === 'Yes' ? { yes: yes + 1, no } : { yes, no: no + 1 })),
  ),
  { tables: [answers] },
);

modelCommand(app);
simulateCommand(app, customers);
