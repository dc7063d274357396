import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface PostgresServer {
  /** Of the database `postgres`. */
  readonly url: string;
  /** Makes a database of its own for a test; gives its URL. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

const SERVER = fileURLToPath(new URL('./replicating-postgres-server.js', import.meta.url));

/**
 * A PostgreSQL server with logical decoding: the one at `POSTGRES_URL` where it is set, else one of the test's own, which ends
 * with the test's process, however that ends.
 */
export async function postgresServer(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const given = process.env.POSTGRES_URL;
  if (given !== undefined && Object.keys(settings).length === 0) {
    const made: string[] = [];
    return { url: given, database: () => makeDatabase(given, made), stop: () => dropDatabases(given, made) };
  }
  const child = spawn(process.execPath, [SERVER, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errorOutput = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errorOutput += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: url } = (await lines.next()) as { value: string | undefined };
  if (url === undefined) throw new Error(`PostgreSQL did not start: ${errorOutput}`);
  return {
    url,
    database: () => makeDatabase(url, []),
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

async function makeDatabase(url: string, made: string[]): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(url, (client) => client.query(`create database ${name}`));
  made.push(name);
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.toString();
}

async function dropDatabases(url: string, made: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const name of made) {
      await client.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1', [name]);
      await client.query(`drop database ${name} with (force)`);
    }
  });
}

/** Runs statements on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function sql(url: string, text: string): Promise<pg.QueryResult> {
  return withClient(url, (client) => client.query(text));
}
