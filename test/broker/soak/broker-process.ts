import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

export interface BrokerFolder {
  readonly data: string;
  readonly port: number;
  readonly durability: 'os' | 'fsync';
}

/** `streamer broker --data` as its users run it: what is built, in a process of its own. */
export class BrokerProcess {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<number | null>;
  stderr = '';

  constructor({ data, port, durability }: BrokerFolder) {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run \`npm run build\` first`);
    const args = [MAIN, 'broker', '--data', data, '--durability', durability, '--port', String(port), '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => child.once('close', resolve));
    this.ready = new Promise((resolve, reject) => {
      if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => line.includes('"ready"') && resolve());
      void this.ended.then((code) => reject(new Error(`the broker ended with ${code} before it was ready: ${this.stderr}`)));
    });
    // Those who kill it early do not wait for it.
    this.ready.catch(() => {});
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** As Ctrl-C or a service manager ends it. */
  async stop(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
