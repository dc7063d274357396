import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../../errors.ts';
import { aString, type ChecksOf, durationMs, problemsIn, that, wholeNumber, withoutLogin } from '../../options/index.ts';
import { isRecord } from '../record.ts';

export interface HttpOptions {
  /**
   * Sent with every call, as `{ authorization: 'Bearer ...' }`. A function is called before every call, for tokens that change;
   * an error that it throws is waited out like a server that cannot be reached.
   */
  readonly headers?: Headers | (() => Headers | Promise<Headers>) | undefined;
  /** Most sockets to the server. Further calls wait for one, and their time-out runs meanwhile. @default 32 */
  readonly connections?: number | undefined;
  /** Longest time for one call without a `timeoutMs` of its own; `inference` uses it too. @default 2_000, of `inference` 5_000 */
  readonly timeoutMs?: number | undefined;
  /** A longer request is not sent but refused (`REFUSED`), so that its rows are asked in halves. @default 16 MiB */
  readonly maxRequestBytes?: number | undefined;
  /** A longer answer is refused (`ANSWER`). @default 16 MiB */
  readonly maxAnswerBytes?: number | undefined;
  /** Path for `health()`, from the root of the same server. @default the protocol's */
  readonly healthPath?: string | undefined;
  /** For https: trusted authorities, the client's own certificate, and the name that the server's must bear. @default Node's */
  readonly tls?: TlsOptions | undefined;
}

export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'>;

type Headers = Readonly<Record<string, string>>;

type Required = 'headers' | 'connections' | 'timeoutMs' | 'maxRequestBytes' | 'maxAnswerBytes' | 'tls';
export type HttpSettings = { readonly [Name in Required]-?: NonNullable<HttpOptions[Name]> };

const MIB = 1024 * 1024;

const CHECKS: ChecksOf<HttpOptions> = {
  headers: that('an object of strings, or a function', (value) => typeof value === 'function' || (isRecord(value) && hasStrings(value))),
  connections: wholeNumber(1),
  timeoutMs: durationMs(1),
  maxRequestBytes: wholeNumber(1),
  maxAnswerBytes: wholeNumber(1),
  healthPath: aString,
  tls: that('an object', isRecord),
};

function hasStrings(headers: object): boolean {
  return Object.values(headers).every((value) => typeof value === 'string');
}

export function settingsOf(options: HttpOptions): HttpSettings {
  const { headers = {}, connections = 32, timeoutMs = 2_000, maxRequestBytes = 16 * MIB, maxAnswerBytes = 16 * MIB, tls = {} } = options;
  return { headers, connections, timeoutMs, maxRequestBytes, maxAnswerBytes, tls };
}

/** Returns the address as a URL. Throws a `ConfigError` with everything that is wrong with it and with the options. */
export function addressOf(url: string | URL, options: HttpOptions): URL {
  const address = URL.canParse(String(url)) ? new URL(url) : undefined;
  const problems = [
    ...problemsOfAddress(address, url, options),
    ...problemsIn(options, CHECKS).map((problem) => `a model behind HTTP: ${problem}`),
  ];
  if (problems.length > 0 || address === undefined) throw new ConfigError(problems);
  return address;
}

function problemsOfAddress(address: URL | undefined, given: string | URL, { tls = {} }: HttpOptions): string[] {
  if (address === undefined)
    return [`a model's address must be a URL as http://127.0.0.1:3000/predict, got ${JSON.stringify(withoutLogin(String(given)))}`];
  if (!/^https?:$/.test(address.protocol)) return [`a model's address must begin with http:// or https://, got ${address.protocol}//`];
  if (address.username !== '') return ['a model\'s address must not carry a user and password: put them into the "authorization" header'];
  if (address.protocol === 'http:' && Object.keys(tls).length > 0)
    return [`tls has no effect with ${address.origin}: the address must begin with https://`];
  return [];
}
