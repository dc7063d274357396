import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readCsv } from 'streamerjs/connect';
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
 * Records on their way at once: enough to fill the sender's batches, little enough to hold in memory. It begins with few and
 * grows with the acknowledgements, so that the first customers are under way to the model while the rest is still read.
 */
const FIRST_UNDER_WAY = 16;
const MAX_UNDER_WAY = 2_000;

/**
 * Sends the rows of the file as customers, each under a new uuid. Resolves when all are acknowledged; rejects with the first
 * failure to send. Aborted, it stops reading and resolves to what was sent.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { file, rate, limit = Number.POSITIVE_INFINITY, signal } = options;
  let underWay = 0;
  let acknowledged: () => void = () => {};
  const start = performance.now();
  let failure: { error: unknown } | undefined;
  let taken = 0;
  let sent = 0;
  let rejected = 0;
  const acknowledgement = () => new Promise<void>((resolve) => (acknowledged = resolve));
  for await (const result of readCsv(file, { columns: FIELDS })) {
    if (signal.aborted || failure !== undefined || taken >= limit) break;
    const customer = 'error' in result ? result.error : attempt(() => customerOf(result.row));
    if (customer instanceof Error) {
      rejected++;
      options.onRejected(result.line, customer.message);
      continue;
    }
    if (rate > 0) await pause(start + (taken * 1_000) / rate - performance.now(), signal);
    if (signal.aborted) break;
    taken++;
    underWay++;
    options
      .send(randomUUID(), customer)
      .then(
        () => sent++,
        (error: unknown) => (failure ??= { error }),
      )
      .then(() => {
        underWay--;
        acknowledged();
      });
    while (underWay >= Math.min(MAX_UNDER_WAY, FIRST_UNDER_WAY + sent / 4)) await acknowledgement();
  }
  while (underWay > 0) await acknowledgement();
  if (failure !== undefined) throw failure.error;
  return { sent, rejected };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => {});
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}
