import { commitFile, type Files, prepareFile, readWhole } from '../storage/files.ts';

const NAME = 'compacted';

/** How far a log was compacted, in a file of its folder. */
export interface CompactionMark {
  /** Before this offset batches may be missing, after it none may. It is on the disk before the first batch goes. */
  readonly gapsBefore: number;
  /** Each key before this offset is there once; the last round came as far. */
  readonly cleanedTo: number;
}

export function readMark(files: Files, folder: string): CompactionMark {
  const text = readWhole(files, `${folder}/${NAME}`)?.toString('latin1') ?? '';
  const [, gapsBefore = 0, cleanedTo = 0] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
  return { gapsBefore: Number(gapsBefore), cleanedTo: Number(cleanedTo) };
}

export function writeMark(files: Files, folder: string, { gapsBefore, cleanedTo }: CompactionMark): void {
  prepareFile(files, `${folder}/${NAME}`, Buffer.from(`${gapsBefore} ${cleanedTo}\n`));
  commitFile(files, `${folder}/${NAME}`);
}
