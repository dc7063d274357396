import { KafkaError } from '../errors.ts';

/**
 * A send of which some records were refused for good, while all others were written. `reason` is `refused`; code, place and
 * advice are those of the first refused record.
 */
export class RefusedRecordsError extends KafkaError {
  override name = 'RefusedRecordsError';
  /** The error of each refused record, by its position in the send. */
  readonly refused: ReadonlyMap<number, KafkaError>;
  /** Offset of each record by position; undefined where it was refused. */
  readonly offsets: ReadonlyArray<number | undefined>;

  constructor(refused: ReadonlyMap<number, KafkaError>, offsets: ReadonlyArray<number | undefined>) {
    const first = [...refused.values()][0];
    const rest = refused.size > 1 ? ` (and ${refused.size - 1} more of ${offsets.length} records)` : '';
    super('refused', `${first?.message ?? 'records refused'}${rest}`, {
      ...first?.place,
      next: first?.next,
      kafkaCode: first?.kafkaCode,
      cause: first,
    });
    this.refused = refused;
    this.offsets = offsets;
  }
}
