import { dirname } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { commitFile, type Files, prepareFile, readWhole } from './files.ts';
import { isOwnerFile } from './owner-lock.ts';

const NAME = 'FORMAT';
/** Counted up when files are laid out in a way that older brokers cannot read. 2: transactions; else it is 1, which is read too. */
const FORMAT = 2;

/**
 * Makes a data folder of an absent or empty one.
 *
 * @throws ConfigError for a folder that holds something else
 */
export function prepareFolder(files: Files, folder: string): void {
  makeDurable(files, folder);
  const foreign = files.list(folder).filter((name) => !isOwnerFile(name) && name !== `${NAME}.tmp`);
  if (foreign.length === 0 || foreign.includes(NAME)) return;
  throw new ConfigError(`${folder} is not a broker's data folder: it has no ${NAME} file, but ${foreign.slice(0, 3).join(', ')}.`, {
    next: 'Give an empty or a new folder with `--data DIR`.',
  });
}

function makeDurable(files: Files, folder: string): void {
  files.makeFolder(folder);
  files.restrict(folder);
  try {
    files.syncFolder(dirname(folder));
  } catch (error) {
    // A parent that may not be read: the system writes its names when it likes.
    if (!['EACCES', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
  }
}

/** Comes when the folder is owned. @throws ConfigError for a format that this version cannot read */
export function checkFormat(files: Files, folder: string): void {
  const path = `${folder}/${NAME}`;
  const bytes = readWhole(files, path);
  const found = bytes?.toString('latin1').trim();
  if (found === String(FORMAT)) return;
  if (found === undefined || found === String(FORMAT - 1)) {
    prepareFile(files, path, Buffer.from(`${FORMAT}\n`));
    commitFile(files, path);
    return;
  }
  if (/^\d+$/.test(found) && Number(found) > FORMAT) {
    throw new ConfigError(`${folder} has data of format ${found}, written by a newer version; this one reads format ${FORMAT}.`, {
      next: 'Use the newer version, or another folder.',
    });
  }
  throw new ConfigError(`${path} should hold a format number and holds ${JSON.stringify(found.slice(0, 20))}.`, {
    next: `If the folder is a broker's, write ${FORMAT} into the file; else give another folder.`,
  });
}
