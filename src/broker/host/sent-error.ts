import { ConfigError, isStreamerError, StreamerError } from '../../errors.ts';
import type { SentError } from './messages.ts';

export function toSent(error: unknown): SentError {
  const { code, next } = isStreamerError(error) ? error : { code: 'USAGE', next: undefined };
  return { message: error instanceof Error ? error.message : String(error), code, next };
}

export function revive({ message, code, next }: SentError): Error {
  if (code === 'CONFIG') return new ConfigError(message, { next });
  return new StreamerError('USAGE', message, { next });
}
