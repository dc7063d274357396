import { type ErrorOptions, isStreamerError, StreamerError } from '../errors.ts';

/** 1: the work failed. 2: nothing was done, because of the usage, the configuration, or a missing broker. */
export type ExitCode = 1 | 2;

/** Ends the command with this exit code. */
export class CommandError extends StreamerError {
  override name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options: ErrorOptions = {}) {
    super(exitCode === 2 ? 'USAGE' : 'REFUSED', message, options);
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  return isStreamerError(error) && (error.code === 'CONFIG' || error.code === 'USAGE') ? 2 : 1;
}
