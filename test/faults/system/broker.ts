import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../cli/helpers.ts';
import { Child } from './child.ts';
import { waitForBroker } from './client.ts';

/** The broker that rounds run on. */
export interface Broker {
  /** Bootstrap list. */
  readonly address: string;
  /** How often it was killed so far: a round that sees this change was hit as well, whoever asked for it. */
  readonly kills: number;
  /** Absent when this broker cannot be killed and started again on its data. */
  readonly killAndRestart?: (() => Promise<void>) | undefined;
  /** Resolves when a restart that is under way has ended. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A broker that runs already.
 *
 * @param restartCommand shell command that kills it (SIGKILL), starts it on the same data, and returns when it is up
 */
export function runningBroker(address: string, restartCommand?: string): Broker {
  let kills = 0;
  let running: Promise<void> | undefined;
  const restart = async (command: string): Promise<void> => {
    kills++;
    await shell(command);
    await waitForBroker(address);
  };
  return {
    address,
    get kills() {
      return kills;
    },
    // Rounds run side by side: one that asks while the broker restarts gets that restart.
    killAndRestart:
      restartCommand === undefined
        ? undefined
        : () =>
            (running ??= restart(restartCommand).finally(() => {
              running = undefined;
            })),
    up: async () => running,
    close: async () => {},
  };
}

/** An embedded broker of its own, in a child process. With `onDisk` it can be killed. */
export async function embeddedBroker(options: { readonly onDisk: boolean }): Promise<Broker> {
  const port = await freePort();
  const folder = options.onDisk ? await mkdtemp(join(tmpdir(), 'streamer-faults-')) : undefined;
  const args = ['broker', '--json', '--port', String(port), ...(folder === undefined ? [] : ['--data', folder])];
  let child = new Child(args);
  let kills = 0;
  await child.until('ready');
  let running: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    kills++;
    await child.kill();
    child = new Child(args);
    await child.until('ready');
  };
  const killAndRestart = (): Promise<void> =>
    (running ??= restart().finally(() => {
      running = undefined;
    }));
  return {
    address: `127.0.0.1:${port}`,
    get kills() {
      return kills;
    },
    killAndRestart: folder === undefined ? undefined : killAndRestart,
    up: async () => running,
    close: async () => {
      await child.kill();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

let accepted: Promise<boolean> | undefined;

/** Does this version's `streamer broker` keep its records on disk? Asked once, by trying. */
export function keepsRecordsOnDisk(): Promise<boolean> {
  accepted ??= embeddedBroker({ onDisk: true }).then(
    async (broker) => {
      await broker.close();
      return true;
    },
    () => false,
  );
  return accepted;
}

async function shell(command: string): Promise<void> {
  const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stderr.destroy();
  if (code !== 0) throw new Error(`\`${command}\` ended with ${code}: ${stderr}`);
}
