import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCoordinator } from '../../../src/wire/apis/group.ts';
import { freePort } from '../../cli/helpers.ts';
import { Wire } from '../../helpers/wire.ts';
import { Child } from './child.ts';
import { waitForBroker } from './client.ts';

/** Shell commands for a broker that runs already. */
export interface BrokerCommands {
  readonly restart?: string | undefined;
  readonly killNode?: string | undefined;
}

/** The broker that rounds run on. */
export interface Broker {
  /** Bootstrap list. */
  readonly address: string;
  /** How often it was killed so far: a round that sees this change was hit as well, whoever asked for it. */
  readonly kills: number;
  /** Absent when this broker cannot be killed and started again on its data. */
  readonly killAndRestart?: (() => Promise<void>) | undefined;
  /** Kills the node that coordinates a group, and starts it again; absent when it is not known how. */
  readonly killNode?: ((group: string) => Promise<void>) | undefined;
  /** Resolves when a restart that is under way has ended. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A broker that runs already.
 *
 * @param commands shell commands: `restart` kills it (SIGKILL), starts it on the same data, and returns when it is up;
 *   `killNode` does so with the node whose id is in NODE, and returns when it leads again
 */
export function runningBroker(address: string, commands: BrokerCommands = {}): Broker {
  let kills = 0;
  let running: Promise<void> | undefined;
  const run = async (command: string, node?: number): Promise<void> => {
    kills++;
    await shell(command, node === undefined ? {} : { NODE: String(node) });
    await waitForBroker(address);
  };
  // Rounds run side by side: one that asks while the broker restarts gets that restart.
  const once = (work: () => Promise<void>): Promise<void> =>
    (running ??= work().finally(() => {
      running = undefined;
    }));
  const { restart, killNode } = commands;
  return {
    address,
    get kills() {
      return kills;
    },
    killAndRestart: restart === undefined ? undefined : () => once(() => run(restart)),
    killNode: killNode === undefined ? undefined : (group) => once(async () => run(killNode, await coordinatorOf(address, group))),
    up: async () => running,
    close: async () => {},
  };
}

/** An embedded broker of its own, in a child process. With `onDisk` it can be killed. */
export async function embeddedBroker(options: { readonly onDisk: boolean }): Promise<Broker> {
  const port = await freePort();
  const folder = options.onDisk ? await mkdtemp(join(tmpdir(), 'streamer-faults-')) : undefined;
  const removeFolder = () => folder !== undefined && rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
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
      process.off('exit', removeFolder);
      removeFolder();
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

async function coordinatorOf(address: string, group: string): Promise<number> {
  const wire = await Wire.connect(address.split(',')[0]);
  const { errorCode, nodeId } = await wire.send(findCoordinator, 2, { key: group, keyType: 0 });
  wire.close();
  if (errorCode !== 0) throw new Error(`group ${group} has no coordinator: error ${errorCode}`);
  return nodeId;
}

async function shell(command: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...environment } });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stderr.destroy();
  if (code !== 0) throw new Error(`\`${command}\` ended with ${code}: ${stderr}`);
}
