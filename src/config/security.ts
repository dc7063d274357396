import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../errors.ts';
import type { Settings } from './settings.ts';

/** How to log in to the brokers, and over what kind of connection. */
interface Security {
  readonly ssl?: true | ConnectionOptions;
  readonly sasl?: {
    readonly mechanism: NonNullable<Settings['saslMechanism']>;
    readonly username: string;
    readonly password: string;
  };
}

type SecuritySettings = Pick<Settings, 'ssl' | 'sslCa' | 'sslCert' | 'sslKey' | 'saslMechanism' | 'saslUsername' | 'saslPassword'>;

/** What does not go together. */
export function securityProblems({ sslCert, sslKey, saslMechanism, saslUsername, saslPassword }: SecuritySettings): string[] {
  const isLogin = saslMechanism !== undefined || saslUsername !== undefined || saslPassword !== undefined;
  return [
    ...((sslCert === undefined) !== (sslKey === undefined) ? ['sslCert and sslKey: expected both or neither'] : []),
    ...(isLogin && saslUsername === undefined ? ['saslUsername: expected the name of a user, since a login is asked for'] : []),
    ...(isLogin && saslPassword === undefined ? ['saslPassword: expected the password of the user that is to log in'] : []),
  ];
}

/** @throws ConfigError for a file that cannot be read */
export function securityOf(settings: SecuritySettings): Security {
  const { saslMechanism = 'plain', saslUsername, saslPassword } = settings;
  const ssl = sslOf(settings);
  return {
    ...(ssl === undefined ? {} : { ssl }),
    ...(saslUsername === undefined || saslPassword === undefined
      ? {}
      : { sasl: { mechanism: saslMechanism, username: saslUsername, password: saslPassword } }),
  };
}

function sslOf({ ssl, sslCa, sslCert, sslKey }: SecuritySettings): true | ConnectionOptions | undefined {
  const files = { ca: ['sslCa', sslCa], cert: ['sslCert', sslCert], key: ['sslKey', sslKey] } as const;
  const given = Object.entries(files).flatMap(([option, [name, path]]) => (path === undefined ? [] : [[option, pem(name, path)] as const]));
  if (given.length > 0) return Object.fromEntries(given);
  return ssl ? true : undefined;
}

function pem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
