import { ConfigError, messageOf } from '../../errors.ts';

// A pooled connection that is checked out has no error listener: without one of ours, a server that dies between two queries ends
// the process.

/** The part of `pg` that is used here; the package itself is an optional peer. */
export interface PgClient {
  query(text: string, values?: readonly unknown[]): Promise<PgResult>;
  /** @param error the connection is not to be used again */
  release(error?: boolean): void;
}

export interface PgResult {
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly rowCount: number | null;
}

export interface PgPool {
  connect(): Promise<PgClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: { on(event: 'error', listener: (error: Error) => void): unknown }) => void): unknown;
}

interface PgModule {
  readonly Pool: new (config: Readonly<Record<string, unknown>>) => PgPool;
}

const PACKAGE = 'pg';

/** @throws ConfigError with the install line, when the package is not there */
export async function openPool(
  config: Readonly<Record<string, unknown>>,
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<PgPool> {
  let module: PgModule;
  try {
    const loaded = (await load(PACKAGE)) as { readonly default?: PgModule } & PgModule;
    module = loaded.default ?? loaded;
  } catch (cause) {
    throw new ConfigError(`writing to Postgres needs the package ${PACKAGE}: ${messageOf(cause)}`, {
      cause,
      next: `Install it: npm install ${PACKAGE}`,
    });
  }
  const pool = new module.Pool(config);
  // The pool replaces a connection that breaks while idle. One that breaks between two queries of ours emits an error that would
  // end the process without a listener; the next query fails.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
