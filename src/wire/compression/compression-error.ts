import { StreamerError } from '../../errors.ts';

/**
 * Why bytes cannot be decompressed.
 *
 * - `corrupt`: they are not what the codec writes.
 * - `too-large`: the result would be larger than allowed.
 * - `unsupported`: Kafka does not define the compression, or its codec is not installed.
 */
export type CompressionProblem = 'corrupt' | 'too-large' | 'unsupported';

export class CompressionError extends StreamerError {
  override name = 'CompressionError';
  readonly problem: CompressionProblem;

  constructor(problem: CompressionProblem, message: string, options: { readonly cause?: unknown; readonly next?: string } = {}) {
    super('DECODE', message, options);
    this.problem = problem;
  }
}

export function tooLarge(codec: string, maxBytes: number): CompressionError {
  return new CompressionError('too-large', `the ${codec} data expands to more than the ${maxBytes} bytes allowed`);
}

export function corrupt(codec: string, what: string, cause?: unknown): CompressionError {
  return new CompressionError('corrupt', `the ${codec} data is corrupt: ${what}`, cause === undefined ? {} : { cause });
}
