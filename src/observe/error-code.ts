import { isStreamerError } from '../errors.ts';

/** The code of an error as a label: one of ours, or `OTHER`. Codes of other libraries are not a fixed list. */
export function codeLabel(error: unknown): string {
  return isStreamerError(error) ? error.code : 'OTHER';
}
