import { parse } from 'csv-parse/sync';
import { StreamerError } from '../../errors.ts';
import type { RawRecord } from './records.ts';

export const QUOTE = '"';

/** The fields of each record; an error when one of them is malformed. csv-parse costs far more per call than per record. */
export function fieldsOf(records: readonly RawRecord[], delimiter: string): string[][] | StreamerError {
  try {
    return parse(records.map(({ text }) => text).join('\n'), { delimiter, quote: QUOTE, relax_column_count: true, record_delimiter: '\n' });
  } catch (cause) {
    const reason = String(cause instanceof Error ? cause.message : cause).replace(/ at line \d+.*$/s, '');
    return new StreamerError('DECODE', reason, { cause });
  }
}
