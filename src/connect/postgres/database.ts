import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, QueryResult } from 'pg';
import { ConfigError, StreamerError } from '../../errors.ts';

type Pg = typeof import('pg');

/**
 * So that the server writes values one way, whatever its own settings are; and so that it notices within a minute when this process is
 * gone without a word, and gives back what the session had locked. A row that row security hides is an error, not a row less in the snapshot.
 */
const SETTINGS = `set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 1;
  set bytea_output = 'hex'; set lc_monetary = 'C'; set xmlbinary = 'base64'; set statement_timeout = 0; set lock_timeout = 0;
  set idle_in_transaction_session_timeout = 0; set row_security = off;
  set tcp_keepalives_idle = 20; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 4;
  select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout')`;
/** Every look at a slot is worth two entries to the server's log. Only some roles may say that it is not. */
const QUIET = `set log_min_messages = 'fatal'`;
/** Longest wait for an answer: a connection that broke unseen must not hold a source for ever. A large transaction takes its time. */
const ANSWER_MS = 600_000;
const CLOSE_MS = 2_000;
/** Values come as the server wrote them: they are encoded for Kafka, not for JavaScript. */
const RAW = { getTypeParser: () => (text: string) => text } as never;

export type Row = ReadonlyArray<string | null>;

/** One session with the server. Not a pool: locks, cursors and the exported snapshot belong to a session. */
export class Database {
  readonly #client: Client;
  #broken: Error | undefined;

  private constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => {
      this.#broken = error;
    });
  }

  /** @param replication a connection that also understands the replication commands */
  static async open(url: string, name: string, replication = false): Promise<Database> {
    const { Client } = await loadPg();
    const options = {
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      query_timeout: ANSWER_MS,
    };
    const client = new Client({ ...options, ...(replication ? { replication: 'database' } : {}) } as ConstructorParameters<
      typeof Client
    >[0]);
    const database = new Database(client);
    try {
      await client.connect();
      await client.query(SETTINGS);
      await client.query(QUIET).catch(() => {});
    } catch (error) {
      await database.close();
      throw unreachable(error, url);
    }
    return database;
  }

  /** Rows as arrays of text. */
  async rows(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    if (this.#broken !== undefined) throw this.#broken;
    const result: QueryResult<string[]> = await this.#client.query({
      text: sql,
      rowMode: 'array',
      types: RAW,
      ...(values === undefined ? {} : { values: [...values] }),
    });
    return result.rows;
  }

  /** The first value of the first row. */
  async value(sql: string, values?: readonly unknown[]): Promise<string | null> {
    return (await this.rows(sql, values))[0]?.[0] ?? null;
  }

  /** Cuts off what is under way. */
  async close(): Promise<void> {
    const end = this.#client.end().catch(() => {});
    await Promise.race([end, sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}

async function loadPg(): Promise<Pg> {
  try {
    const module = (await import('pg')) as Pg & { default?: Pg };
    return module.default ?? module;
  } catch (cause) {
    throw new ConfigError('reading from PostgreSQL needs the package "pg", which is not installed', {
      cause,
      next: 'Install it: npm install pg',
    });
  }
}

function unreachable(error: unknown, url: string): unknown {
  const { code, message } = error as { code?: string; message: string };
  // Rights are the caller's to explain.
  if (code === '42501') return error;
  const place = withoutPassword(url);
  // Class 28: wrong password or user; 3D000: no such database.
  if (code?.startsWith('28') || code === '3D000')
    return new StreamerError('REFUSED', `${place} refuses the connection: ${message}`, { cause: error });
  return new StreamerError('UNAVAILABLE', `cannot reach ${place}: ${message}`, { cause: error, retryable: true });
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = '';
    return parsed.toString();
  } catch {
    return 'PostgreSQL';
  }
}

/** A name in double quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** SQLSTATE of an error of the server. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
