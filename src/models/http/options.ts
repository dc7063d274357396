import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../../errors.ts';

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
export type HttpSettings = { readonly [Name in Required]-?: NonNullable<HttpOptions[Name]> } & {
  /** Names that are not options: a misspelt one would have no effect. */
  readonly unknown: readonly string[];
};

const MIB = 1024 * 1024;

export function settingsOf(options: HttpOptions): HttpSettings {
  const { headers = {}, connections = 32, timeoutMs = 2_000, maxRequestBytes = 16 * MIB, maxAnswerBytes = 16 * MIB, tls = {} } = options;
  const known = { headers, connections, timeoutMs, maxRequestBytes, maxAnswerBytes, tls };
  const unknown = Object.keys(options).filter((name) => name !== 'healthPath' && !Object.hasOwn(known, name));
  return { ...known, unknown };
}

/** Returns the address as a URL. Throws a `ConfigError` with everything that is wrong with it and with the settings. */
export function addressOf(url: string | URL, settings: HttpSettings): URL {
  const problems: string[] = [];
  const address = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (address === undefined)
    problems.push(`a model's address must be a URL as http://127.0.0.1:3000/predict, got ${JSON.stringify(String(url))}`);
  else if (!/^https?:$/.test(address.protocol))
    problems.push(`a model's address must begin with http:// or https://, got ${address.protocol}//`);
  else if (address.username !== '')
    problems.push('a model\'s address must not carry a user and password: put them into the "authorization" header');
  else if (address.protocol === 'http:' && Object.keys(settings.tls).length > 0)
    problems.push(`tls is of no use with ${address.origin}: the address must begin with https://`);
  if (!Number.isInteger(settings.connections) || settings.connections < 1)
    problems.push(`connections must be a whole number of at least 1, got ${settings.connections}`);
  for (const name of ['timeoutMs', 'maxRequestBytes', 'maxAnswerBytes'] as const)
    if (!(settings[name] > 0)) problems.push(`${name} must be more than 0, got ${settings[name]}`);
  for (const name of settings.unknown) problems.push(`a model behind HTTP has no option ${JSON.stringify(name)}`);
  if (problems.length > 0 || address === undefined) throw new ConfigError(problems);
  return address;
}
