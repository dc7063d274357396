import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Folders of servers begin so, in the folder for temporary files. */
export const PREFIX = 'streamer-postgres-';
const OWNER = 'owner.pid';
const GONE_MS = 5_000;

export async function markOwner(folder: string): Promise<void> {
  await writeFile(join(folder, OWNER), String(process.pid));
}

/** Stops servers whose owner was killed before it could stop them, and removes their folders. */
export async function clearLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const owner = await number(join(folder, OWNER));
    // Without a mark it is only just being made, or not ours.
    if (owner === undefined || isAlive(owner)) continue;
    await remove(folder).catch((error: NodeJS.ErrnoException) => {
      // Another user's.
      if (error.code !== 'EPERM' && error.code !== 'EACCES') throw error;
    });
  }
}

async function remove(folder: string): Promise<void> {
  await stopServer(join(folder, 'data'));
  await rm(folder, { recursive: true, force: true });
}

/** The first line of `postmaster.pid` is the server's process; it is asked to go only while it runs on this very folder. */
async function stopServer(data: string): Promise<void> {
  const pid = await number(join(data, 'postmaster.pid'));
  if (pid === undefined || !isAlive(pid) || !(await runsOn(pid, data))) return;
  process.kill(pid, 'SIGQUIT');
  for (const deadline = Date.now() + GONE_MS; isAlive(pid) && Date.now() < deadline; ) await delay(20);
}

/** Where the system does not show command lines, the pid file alone has to do. */
async function runsOn(pid: number, data: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return line === undefined || line.includes(data);
}

async function number(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const value = Number.parseInt(text, 10);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
