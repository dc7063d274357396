import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PostgresServer } from '../../examples/car-price/postgres/server.ts';

export interface TestDatabase {
  readonly url: string;
  /** Runs one statement on a connection that is kept for the test. */
  query<Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

let embedded: Promise<PostgresServer> | undefined;

/**
 * A database that no other test has: on the server of TEST_POSTGRES_URL (whose user may create databases), or on an embedded
 * one, which is started once for a test file and has to be stopped with `stopPostgres`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_POSTGRES_URL ?? (await (embedded ??= PostgresServer.start())).url;
  const name = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await withClient(server, (client) => client.query(`create database ${name}`));
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return {
    url,
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      return (await client.query(text, [...values])).rows as Row[];
    },
    async close() {
      await client.end();
      await withClient(server, (other) => other.query(`drop database ${name} with (force)`));
    },
  };
}

export async function stopPostgres(): Promise<void> {
  const server = embedded;
  embedded = undefined;
  await (await server)?.stop();
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await use(client).finally(() => client.end());
}
