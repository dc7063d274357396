import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/**
 * Where the broker of a running `streamer dev` listens, kept in a file of the user's for each project, so that other commands
 * of the project find the broker when it could not have the default port.
 */
interface DevAddress {
  readonly address: string;
  readonly pid: number;
}

/** Notes the address for the commands of this project. Returns a function that takes the note away. */
export function announceBroker(address: string): () => void {
  const file = noteFile();
  const note: DevAddress = { address, pid: process.pid };
  writeFileSync(file, JSON.stringify(note), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Returns the address of the broker that a `streamer dev` of this project runs; undefined when none does. */
export function announcedBroker(): string | undefined {
  const file = noteFile();
  try {
    // The folder is shared by all users: only a note of our own counts.
    if (statSync(file).uid !== userInfo().uid) return undefined;
    const note: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isNote(note) && isAlive(note.pid) ? note.address : undefined;
  } catch {
    return undefined;
  }
}

function noteFile(): string {
  const project = createHash('sha256').update(projectFolder()).digest('hex').slice(0, 16);
  return join(tmpdir(), `streamer-dev-${userInfo().username}-${project}.json`);
}

/** The nearest folder upwards with a package.json, else the current one. */
function projectFolder(): string {
  const here = resolve('.');
  for (let at = here; at !== dirname(at); at = dirname(at)) if (existsSync(join(at, 'package.json'))) return at;
  return here;
}

function isNote(value: unknown): value is DevAddress {
  if (typeof value !== 'object' || value === null || !('address' in value) || !('pid' in value)) return false;
  return typeof value.address === 'string' && typeof value.pid === 'number';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
