import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { ConfigError, messageOf } from '../errors.ts';

type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** How to log in to the brokers, and over what kind of connection. */
interface Security {
  readonly ssl?: true | ConnectionOptions;
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string };
}

/** The settings that concern the connection. Files are in PEM. */
interface SecuritySettings {
  readonly ssl: boolean;
  readonly sslCa: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  readonly saslMechanism: SaslMechanism | undefined;
  readonly saslUsername: string | undefined;
  readonly saslPassword: string | undefined;
}

/** Returns a sentence for each pair of settings that contradict each other. */
export function securityProblems({ sslCert, sslKey, saslMechanism, saslUsername, saslPassword }: SecuritySettings): string[] {
  const isLogin = saslMechanism !== undefined || saslUsername !== undefined || saslPassword !== undefined;
  return [
    ...((sslCert === undefined) !== (sslKey === undefined) ? ['sslCert and sslKey: expected both or neither'] : []),
    ...(isLogin && saslUsername === undefined ? ['saslUsername: expected a user name, because another sasl setting is given'] : []),
    ...(isLogin && saslPassword === undefined
      ? ['saslPassword: expected the password of the user, because another sasl setting is given']
      : []),
  ];
}

/** Returns what the client needs to connect. @throws ConfigError for a file that cannot be read */
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
    throw new ConfigError(`${name}: cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}
