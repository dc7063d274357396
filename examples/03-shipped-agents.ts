/** What ships: inference against a model server, an age band, and forwarding. */
import { App, forward, http, inference, json, string } from 'streamerjs';
import { ageBand } from 'streamerjs/agents';
import { z } from 'zod';

const Customer = z.object({ age: z.number(), job: z.string() });
const Answer = z.object({ prediction: z.enum(['Yes', 'No']), probability: z.number() });
const Prediction = Customer.extend(Answer.shape);

export const app = new App({ id: 'bank' });
export const customers = app.topic('customers', { key: string(), value: json(Customer), partitions: 2 });
export const predictions = app.topic('predictions', { key: string(), value: json(Prediction), partitions: 2 });
export const seniors = app.topic('seniors', { key: string(), value: json(Customer), partitions: 2 });
export const archive = app.topic('archive', { key: string(), value: json(Prediction) });

app.agent(
  'predict',
  customers,
  inference({
    model: http.rows<z.infer<typeof Customer>, z.infer<typeof Answer>>(process.env.MODEL_URL ?? 'http://127.0.0.1:3000/predict'),
    features: (customer) => customer,
    result: (customer, answer) => ({ ...customer, ...answer }),
    batch: { size: 32, waitMs: 5 },
    inFlight: 8,
    timeoutMs: 2_000,
  }),
  { to: predictions },
);
app.agent(
  'seniors',
  customers,
  ageBand({ min: 60 }, (customer) => customer.age),
  { to: seniors },
);
app.agent('archive', predictions, forward(), { to: archive });
