import { type ModelServer, serveModel } from 'streamerjs/web';
import { Customer } from '../customer.ts';
import { answerOf, seedAnswer, seedModel, trainedModel } from './bank.ts';

export interface BankServerOptions {
  readonly port: number;
  readonly host?: string;
  /** The model and the answers of the project that this example goes back to. @default false */
  readonly seed?: boolean;
}

/**
 * `POST /predict` takes one row and answers `{"prediction":["No"],"probability":0.61,"probabilityYes":0.39}`, or a list of
 * rows and answers a list. `GET /health` answers 200 when the model is loaded. A bad row: 422 naming its field.
 *
 * @throws Error with `code` `EADDRINUSE` when the port is taken
 */
export function serveBank({ seed = false, ...place }: BankServerOptions): Promise<ModelServer> {
  const bank = seed ? { model: seedModel(), answer: seedAnswer } : { model: trainedModel(), answer: answerOf };
  return serveModel({ ...bank, ...place, name: 'bank', protocols: ['rows'], schema: Customer });
}
