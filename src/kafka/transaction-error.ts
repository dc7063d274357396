import { type ErrorOptions, KafkaError, type KafkaReason } from '../errors.ts';

/**
 * A transaction that is not known to be committed.
 *
 * - `aborted`: it never takes effect. Nothing of it can be committed any more.
 * - `unknown`: the request that decides it was sent, and its answer did not come.
 */
export class TransactionError extends KafkaError {
  override name = 'TransactionError';
  readonly outcome: 'aborted' | 'unknown';

  constructor(outcome: 'aborted' | 'unknown', reason: KafkaReason, message: string, options: TransactionErrorOptions = {}) {
    super(reason, message, options);
    this.outcome = outcome;
  }
}

type TransactionErrorOptions = ErrorOptions & { readonly kafkaCode?: string | undefined };
