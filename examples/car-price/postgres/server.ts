import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Binaries, binaries } from './binaries.ts';
import { clearLeftovers, markOwner, PREFIX } from './leftovers.ts';

/** The user that a server of root's runs as: Postgres refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const PASSWORD = 'postgres';
const READY_MS = 30_000;
const STOP_MS = 10_000;

export interface PostgresOptions {
  /** On 127.0.0.1. @default a free one */
  readonly port?: number | undefined;
  /** Made at the first start. @default 'car_database' */
  readonly database?: string | undefined;
}

/**
 * A Postgres server of our own, for demonstrations and tests: data in a temporary folder that goes with it, logical decoding on,
 * no `fsync`. Runs as an ordinary user, and as root (the server then as nobody).
 */
export class PostgresServer {
  readonly #folder: string;
  readonly #programs: Binaries;
  readonly #options: PostgresOptions;
  readonly #user: { uid: number; gid: number } | undefined;
  #port = 0;
  #process: ChildProcess | undefined;

  private constructor(folder: string, programs: Binaries, options: PostgresOptions, user: { uid: number; gid: number } | undefined) {
    this.#folder = folder;
    this.#programs = programs;
    this.#options = options;
    this.#user = user;
  }

  /** @throws Error when it cannot be started, with the end of its log */
  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    await clearLeftovers();
    const folder = await mkdtemp(join(tmpdir(), PREFIX));
    await markOwner(folder);
    const user = process.getuid?.() === 0 ? NOBODY : undefined;
    try {
      if (user !== undefined) await chmod(folder, 0o755);
      const server = new PostgresServer(folder, await binaries(folder, user !== undefined), options, user);
      await server.#initialise();
      await server.run();
      await server.#createDatabase();
      return server;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return this.#urlOf(this.#options.database ?? 'car_database');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the server on its data; after `kill`, as it was. */
  async run(): Promise<void> {
    this.#port ||= this.#options.port ?? (await freePort());
    const flags = [
      'wal_level=logical',
      'max_replication_slots=20',
      'max_wal_senders=20',
      'fsync=off',
      'track_commit_timestamp=on',
      'timezone=UTC',
      'log_timezone=UTC',
    ];
    const local = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${this.#port}`];
    const log = openSync(this.#log, 'a');
    const args = ['-D', this.#data, ...[...flags, ...local].flatMap((flag) => ['-c', flag])];
    // A group of its own: a Ctrl-C of the terminal is for us, who stop it when nobody needs it any more.
    this.#process = spawn(this.#programs.postgres, args, { ...this.#user, stdio: ['ignore', log, log], detached: true, cwd: this.#data });
    closeSync(log);
    await this.#ready(this.#process);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops the server and removes its data. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  get #log(): string {
    return join(this.#folder, 'server.log');
  }

  #urlOf(database: string): string {
    return `postgresql://postgres:${PASSWORD}@127.0.0.1:${this.#port}/${database}`;
  }

  async #initialise(): Promise<void> {
    await mkdir(this.#data, { mode: 0o700 });
    const password = join(this.#folder, 'password');
    await writeFile(password, PASSWORD);
    if (this.#user !== undefined) for (const path of [this.#data, password]) await chown(path, this.#user.uid, this.#user.gid);
    const args = [
      '-D',
      this.#data,
      '-U',
      'postgres',
      `--pwfile=${password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ];
    await promisify(execFile)(this.#programs.initdb, args, { ...this.#user, cwd: this.#folder });
  }

  async #createDatabase(): Promise<void> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: this.#urlOf('postgres') });
    await client.connect();
    await client.query(`create database ${client.escapeIdentifier(this.#options.database ?? 'car_database')}`);
    await client.end();
  }

  /** Listening is not enough: while it starts or recovers it refuses sessions. */
  async #ready(process: ChildProcess): Promise<void> {
    const { default: pg } = await import('pg');
    let failure: Error | undefined;
    process.once('error', (error) => (failure = error));
    for (const deadline = Date.now() + READY_MS; ; await delay(15)) {
      if (failure !== undefined || process.exitCode !== null || process.signalCode !== null || Date.now() > deadline) {
        await this.#end('SIGKILL');
        throw new Error(`Postgres did not start: ${failure?.message ?? (await this.#lastWords())}`);
      }
      const client = new pg.Client({ connectionString: this.#urlOf('postgres') });
      client.on('error', () => {});
      try {
        await client.connect();
        return await client.end();
      } catch {
        await client.end().catch(() => {});
      }
    }
  }

  async #lastWords(): Promise<string> {
    return (await readFile(this.#log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n    ');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process?.pid === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, 'exit');
    process.kill(signal);
    const timer = setTimeout(() => process.kill('SIGQUIT'), STOP_MS);
    await gone;
    clearTimeout(timer);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
