import { randomUUID } from 'node:crypto';
import { sendCsv } from 'streamerjs/connect';
import { type Customer, customerOf, FIELDS } from './customer.ts';

export interface SimulationOptions {
  /** A bank-marketing CSV, comma or semicolon. */
  readonly file: string;
  /** Customers per second; 0 = as fast as it goes. */
  readonly rate: number;
  /** Most customers to send. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
  /** Resolves when the broker has the record. */
  send(key: string, customer: Customer): Promise<unknown>;
  /** Called for each row that is no customer. It is not sent. */
  onRejected(line: number, reason: string): void;
}

export interface SimulationResult {
  /** Acknowledged by the broker. */
  readonly sent: number;
  /** Rows that are no customers. */
  readonly rejected: number;
}

/**
 * Sends the rows of the file as customers, each under a new uuid. Resolves when all are acknowledged; rejects with the first
 * failure to send. Aborted, it stops reading and resolves to what was sent.
 */
export async function simulate({ file, send, onRejected, ...options }: SimulationOptions): Promise<SimulationResult> {
  const { sent, problems } = await sendCsv(file, {
    ...options,
    columns: FIELDS,
    record: customerOf,
    send: (customer) => send(randomUUID(), customer),
    onProblem: ({ line, error }) => onRejected(line, error.message),
  });
  return { sent, rejected: problems };
}
