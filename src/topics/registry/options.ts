import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../../errors.ts';
import { anything, checkOptions, durationMs, wholeNumber, withoutLogin } from '../../options/index.ts';

export interface RegistryOptions {
  /** As `https://registry:8081`, a path included where there is one. @default $SCHEMA_REGISTRY_URL */
  readonly url?: string | undefined;
  /**
   * A user's name and password, or a bearer token (a function is asked for it before each request).
   *
   * @default $SCHEMA_REGISTRY_USER_INFO (`name:password`) or $SCHEMA_REGISTRY_TOKEN, else what the URL has
   */
  readonly auth?:
    | { readonly username: string; readonly password: string }
    | { readonly token: string | (() => string | Promise<string>) }
    | undefined;
  /** Certificates and the like, as Node's `tls.connect` takes them. */
  readonly tls?: ConnectionOptions | undefined;
  /** Longest wait for an answer. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  /** How often a request is sent again when the registry cannot be reached or is too busy, before that is an error. @default 3 */
  readonly retries?: number | undefined;
}

/** Checked and complete. */
export interface ResolvedRegistry {
  /** Without user and password, so that it can be shown; without slash at the end. */
  readonly url: string;
  readonly authorization: (() => string | Promise<string>) | undefined;
  readonly tls: ConnectionOptions | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
}

/** @throws ConfigError */
export function resolveRegistry(options: RegistryOptions, env: NodeJS.ProcessEnv): ResolvedRegistry {
  checkOptions<RegistryOptions>('schema registry', options, {
    url: anything,
    auth: anything,
    tls: anything,
    timeoutMs: durationMs(1),
    retries: wholeNumber(0),
  });
  const { url: own, tls, timeoutMs = 10_000, retries = 3 } = options;
  const given = own ?? env['SCHEMA_REGISTRY_URL'];
  if (given === undefined || given === '') {
    throw new ConfigError('no schema registry is named', { next: "Set SCHEMA_REGISTRY_URL, or give the serde registry: { url: '...' }." });
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(`schema registry: expected the URL of an HTTP server, got ${JSON.stringify(withoutLogin(given))}`);
  }
  const authorization = authorizationOf(options, url, env);
  url.username = '';
  url.password = '';
  return { url: url.href.replace(/\/+$/, ''), authorization, tls, timeoutMs, retries };
}

function authorizationOf({ auth }: RegistryOptions, url: URL, env: NodeJS.ProcessEnv): ResolvedRegistry['authorization'] {
  if (auth !== undefined) {
    const { token, username, password } = auth as { token?: unknown; username?: unknown; password?: unknown };
    if (typeof token === 'function') return async () => `Bearer ${await token()}`;
    if (typeof token === 'string' && token !== '') return () => `Bearer ${token}`;
    if (typeof username === 'string' && typeof password === 'string') return basic(`${username}:${password}`);
    const names = Object.keys(auth).join(', ') || 'nothing';
    throw new ConfigError(`schema registry: auth: expected { username, password } or { token }, non-empty strings, got ${names}`);
  }
  if (env['SCHEMA_REGISTRY_USER_INFO']) return basic(env['SCHEMA_REGISTRY_USER_INFO']);
  const token = env['SCHEMA_REGISTRY_TOKEN'];
  if (token) return () => `Bearer ${token}`;
  if (url.username !== '') return basic(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  return undefined;
}

function basic(userInfo: string): () => string {
  const header = `Basic ${Buffer.from(userInfo, 'utf8').toString('base64')}`;
  return () => header;
}
