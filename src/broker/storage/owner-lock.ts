import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../errors.ts';

const SOCKET = 'owner.sock';
const OWNER = 'owner.json';
const TURN = 'owner.turn';
const TURN_MS = 3_000;
const TURN_PAUSE_MS = 10;
/** What the address of a Unix socket may have, less what the names of stale ones add (108 on Linux, 104 on macOS). */
const MAX_SOCKET_PATH = 90;

export function isOwnerFile(name: string): boolean {
  return name.startsWith('owner.');
}

export interface OwnerLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only owner of a folder. Node has no lock on files that ends with the process, but a socket that
 * listens does: the owner holds one in the folder. One that does not answer is a leftover and is taken over.
 *
 * @throws ConfigError when another broker, of this process or another, has the folder
 */
export async function lockFolder(folder: string): Promise<OwnerLock> {
  return oneAtATime(join(folder, TURN), () => takeSocket(folder));
}

async function takeSocket(folder: string): Promise<OwnerLock> {
  const path = socketPath(folder);
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = await tryListen(path);
    if (server !== undefined) return own(server, folder);
    if (await answers(path)) throw owned(folder);
    if (!(await moveAside(path))) throw owned(folder);
  }
  throw owned(folder);
}

/**
 * Runs `take` while no other process does: a socket exists a moment before it answers, and a rival would take it for a leftover
 * then. Of a process that was killed meanwhile the file stays, and counts for nothing.
 */
async function oneAtATime<T>(file: string, take: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + TURN_MS;
  while (!tryCreate(file) && Date.now() < deadline) {
    if (isAlive(Number(readText(file)))) await sleep(TURN_PAUSE_MS);
    else rmSync(file, { force: true });
  }
  try {
    return await take();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryCreate(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function own(server: Server, folder: string): OwnerLock {
  const file = join(folder, OWNER);
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, since: new Date().toISOString() })}\n`);
  return {
    async release() {
      rmSync(file, { force: true });
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** @returns undefined when something is at the path */
function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return resolve(undefined);
      reject(new ConfigError(`${path} cannot be made, which marks the folder as used: ${error.message}`, { cause: error }));
    });
    server.listen(path, () => resolve(server));
  });
}

/** A process that is alive is connected by its system, however busy or halted it is. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => end(true));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

/**
 * Moves a socket that did not answer out of the way. Two processes may find the same leftover, and the slower one
 * would move the faster one's fresh socket: so what was moved is asked once more, and put back if it answers.
 *
 * @returns whether the place is free
 */
async function moveAside(path: string): Promise<boolean> {
  const stale = `${path}.${process.pid}`;
  try {
    renameSync(path, stale);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  if (!(await answers(stale))) {
    rmSync(stale, { force: true });
    return true;
  }
  renameSync(stale, path);
  return false;
}

function owned(folder: string): ConfigError {
  const owner = readOwner(folder);
  return new ConfigError(`${folder} is in use by ${owner === undefined ? 'another broker' : `the broker with process id ${owner}`}.`, {
    next: `Stop that broker${owner === undefined ? '' : ` (kill ${owner})`}, use the one that runs, or give this one another folder with \`--data DIR\`.`,
  });
}

function readOwner(folder: string): number | undefined {
  try {
    return (JSON.parse(readText(join(folder, OWNER))) as { pid?: number }).pid;
  } catch {
    return undefined;
  }
}

/** Empty where there is no file. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** In the folder itself, so that every process that sees the folder sees the lock; elsewhere if its path is too long, or where pipes have their own names. */
function socketPath(folder: string): string {
  const real = realpathSync(folder);
  const name = `streamer-${createHash('sha256').update(real).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const path = join(real, SOCKET);
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH ? path : join(tmpdir(), `${name}.sock`);
}
