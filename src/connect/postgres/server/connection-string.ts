/** Parameters of a connection string that hold secrets, or paths to them. */
const SECRETS = ['password', 'sslpassword', 'sslkey', 'passfile'];

/**
 * Returns a connection string for messages: host, port and database, without user, password and parameters. What cannot be parsed
 * is not shown at all, because any part of it may be the password.
 */
export function shownAddress(url: string): string {
  if (!URL.canParse(url)) return 'PostgreSQL';
  const { host, pathname } = new URL(url);
  return `postgresql://${host}${pathname}`;
}

/** Secrets of fewer characters are words of any text. */
const SHORTEST = 4;

/** Returns a text in which the secrets of a connection string are replaced by `***`. */
export function withoutSecrets(text: string, url: string): string {
  let safe = text.replaceAll(url, shownAddress(url));
  if (!URL.canParse(url)) return safe;
  const { password, searchParams } = new URL(url);
  for (const secret of [password, decoded(password), ...SECRETS.map((name) => searchParams.get(name) ?? '')]) {
    if (secret.length >= SHORTEST) safe = safe.replaceAll(secret, '***');
  }
  return safe;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
