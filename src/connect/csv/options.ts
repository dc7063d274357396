import { anything, type ChecksOf, oneOf, that, wholeNumber } from '../../options/index.ts';
import { encodingOf } from './text.ts';

export interface CsvOptions {
  /** `auto` takes the comma, semicolon or tab that the header has most of. @default 'auto' */
  readonly delimiter?: 'auto' | ',' | ';' | '\t' | undefined;
  /** Columns that the header must name. @default none */
  readonly columns?: readonly string[] | undefined;
  /** Any that the Encoding Standard names, as `windows-1252`, `utf-16le`, `shift_jis`. @default 'utf-8' */
  readonly encoding?: string | undefined;
  /** A longer line is malformed, and so is a quoted field that makes a row of several lines longer. In characters. @default 1_000_000 */
  readonly maxLineLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const delimiter = oneOf([',', ';', '\t']);

/** The options that say how a file is written. */
export const format: ChecksOf<Pick<CsvOptions, 'delimiter' | 'columns' | 'encoding'>> = {
  delimiter: oneOf(['auto', ',', ';', '\t']),
  columns: that('a list of names', (value) => Array.isArray(value)),
  encoding: that("an encoding of the Encoding Standard, as 'windows-1252'", (value) => encodingOf(String(value)) !== undefined),
};

export const csvOptions: ChecksOf<CsvOptions> = { ...format, maxLineLength: wholeNumber(1), signal: anything };
