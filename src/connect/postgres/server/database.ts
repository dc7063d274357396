import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientConfig, CustomTypesConfig } from 'pg';
import { ConfigError, StreamerError } from '../../../errors.ts';
import { shownAddress, withoutSecrets } from './connection-string.ts';
import { loadPg } from './load-pg.ts';
import { messageOf, sqlState } from './server-error.ts';

/** The server converts text to UTF-8. Of SQL_ASCII it knows no encoding: there it is asked for the bytes, which are checked here. */
const ENCODING = `select set_config('client_encoding', case current_setting('server_encoding') when 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end, false)`;

/**
 * The server writes values in one way, whatever its own settings are. It notices within a minute that this process has died, and
 * releases what the session had locked. A row that row security hides is an error instead of a row missing from the snapshot.
 */
const SETTINGS = `set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 1;
  set bytea_output = 'hex'; set lc_monetary = 'C'; set xmlbinary = 'base64';
  set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0; set row_security = off;
  set tcp_keepalives_idle = 20; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 4;
  select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout');
  ${ENCODING}`;
/** Each look at a slot adds two entries to the server's log. Only some roles may switch them off. */
const QUIET = `set log_min_messages = 'fatal'`;
/** Longest wait for an answer, so that a connection that broke unnoticed does not hold a source for ever. Large transactions take minutes. */
const ANSWER_MS = 600_000;
const CONNECT_MS = 10_000;
const CLOSE_MS = 2_000;

/** Values come as the server wrote them: they are encoded for Kafka, not for JavaScript. */
const RAW: CustomTypesConfig = { getTypeParser: () => (text: string | Buffer) => text };

export type Row = ReadonlyArray<string | null>;

/** One session with the server. Not a pool: locks, cursors and the exported snapshot belong to a session. */
export class Database {
  readonly #client: Client;
  #broken: Error | undefined;

  // Private, so that the declarations of the package do not need those of pg, an optional peer.
  private constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => {
      this.#broken = error;
    });
  }

  /**
   * @param replication a connection that also understands the replication commands
   * @throws StreamerError without any secret of the connection string
   */
  static async open(url: string, name: string, replication = false): Promise<Database> {
    const { Client } = await loadPg();
    const config: ClientConfig & { readonly replication?: string } = {
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      query_timeout: ANSWER_MS,
      ...(replication ? { replication: 'database' } : {}),
    };
    const database = new Database(clientOf(Client, config, url));
    try {
      await database.#client.connect();
      await database.#client.query(SETTINGS);
      await database.#client.query(QUIET).catch(() => {});
    } catch (error) {
      await database.close();
      throw unreachable(error, url);
    }
    return database;
  }

  /** Returns rows as arrays of text. */
  async rows(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    if (this.#broken !== undefined) throw this.#broken;
    const result = await this.#client.query<Array<string | null>>({
      text: sql,
      rowMode: 'array',
      types: RAW,
      ...(values === undefined ? {} : { values: [...values] }),
    });
    return result.rows;
  }

  /** Returns the first value of the first row. */
  async value(sql: string, values?: readonly unknown[]): Promise<string | null> {
    return (await this.rows(sql, values))[0]?.[0] ?? null;
  }

  /** The same for a query that always has a value. @throws StreamerError when it has none */
  async required(sql: string, values?: readonly unknown[]): Promise<string> {
    const value = await this.value(sql, values);
    if (value === null) throw new StreamerError('REFUSED', `the server gave no value for: ${sql}`);
    return value;
  }

  /** Cuts off a query that is running. */
  async close(): Promise<void> {
    const end = this.#client.end().catch(() => {});
    await Promise.race([end, sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}

/** An error here has the connection string in its properties: it is not passed on. */
function clientOf(Client: new (config: ClientConfig) => Client, config: ClientConfig, url: string): Client {
  try {
    return new Client(config);
  } catch {
    throw new ConfigError(`postgresChanges: the url cannot be parsed; special characters in user and password are written as %40 for @`, {
      next: `It must look like postgresql://user:password@host:5432/database. This one begins with ${shownAddress(url)}.`,
    });
  }
}

function unreachable(error: unknown, url: string): unknown {
  const code = sqlState(error);
  // The caller knows which right is missing.
  if (code === '42501') return error;
  const place = shownAddress(url);
  const message = withoutSecrets(messageOf(error), url);
  const cause = new Error(message);
  // Class 28: wrong password or user; 3D000: no such database.
  if (code?.startsWith('28') || code === '3D000')
    return new StreamerError('REFUSED', `${place} refuses the connection: ${message}`, { cause });
  return new StreamerError('UNAVAILABLE', `cannot reach ${place}: ${message}`, { cause, retryable: true });
}
