import { messageOf, propertyOf } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { Misfit } from './misfit.ts';
import { NotUtf8 } from './utf8.ts';

/** A kept-alive socket that the server closes while the request is written fails at once; the call can be repeated. */
const RESET = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const TOO_LONG = new Set(['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'ERR_BUFFER_TOO_LARGE']);
/** A certificate that cannot be trusted: of an unknown authority, for another name, or out of date. */
const UNTRUSTED = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID$|CERT_)/;

export function isReset(error: unknown): boolean {
  return RESET.has(codeOf(error));
}

/** Returns the error of a call that has no answer that can be used, with the address and advice. */
export function transportError(error: unknown, url: string, maxAnswerBytes: number): ModelError {
  if (error instanceof ModelError) return error;
  if (error instanceof Misfit) return new ModelError('ANSWER', `the model at ${url} ${error.message}`, { cause: error });
  if (error instanceof NotUtf8) return new ModelError('ANSWER', `the answer of the model at ${url} ${error.message}`, { cause: error });
  const code = codeOf(error);
  if (TOO_LONG.has(code)) {
    const next = 'Ask fewer rows at once (`batch.size`) or raise `maxAnswerBytes`.';
    return new ModelError('ANSWER', `the model at ${url} answered more than ${maxAnswerBytes} bytes`, { cause: error, next });
  }
  const next = UNTRUSTED.test(code)
    ? 'Name the authority that signed its certificate: `tls: { ca: readFileSync(...) }`.'
    : 'Start the model server, or correct its address.';
  return new ModelError('UNAVAILABLE', `cannot reach the model at ${url}: ${messageOf(error) || code}`, { cause: error, next });
}

function codeOf(error: unknown): string {
  return String(propertyOf(error, 'code') ?? 'unknown error');
}
