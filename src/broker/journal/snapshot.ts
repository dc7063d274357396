import { DamagedFolder } from '../storage/damage.ts';
import { type Files, readWhole } from '../storage/files.ts';
import type { Entry } from './entry.ts';
import { decodeEntries, encodeEntry, salvageEntries } from './entry-codec.ts';
import { KeptState } from './kept-state.ts';

export const SNAPSHOT = 'snapshot';

export interface Snapshot {
  readonly state: KeptState;
  readonly generation: number;
}

/** The whole state at one moment, as journal entries between a `generation` and an `end`. */
export function encodeSnapshot({ state, generation }: Snapshot): Buffer {
  const parts = [encodeEntry({ type: 'generation', generation })];
  for (const entry of state.entries()) parts.push(encodeEntry(entry));
  parts.push(encodeEntry({ type: 'end', entries: parts.length - 1 }));
  return Buffer.concat(parts);
}

/**
 * Reads the snapshot; an empty one where there is no file.
 *
 * @param salvage takes what can be read of a damaged file
 * @throws DamagedFolder
 */
export function readSnapshot(files: Files, folder: string, salvage = false): Snapshot & { readonly isDamaged: boolean } {
  const path = `${folder}/${SNAPSHOT}`;
  const state = new KeptState();
  const bytes = readWhole(files, path);
  if (bytes === undefined) return { state, generation: 0, isDamaged: false };
  let generation: number | undefined;
  let entries = 0;
  let isWhole = false;
  const apply = (entry: Entry): void => {
    if (entry.type === 'generation') generation = entry.generation;
    else if (entry.type === 'end') isWhole = entry.entries === entries;
    else {
      state.apply(entry);
      entries += 1;
    }
  };
  const end = salvage ? bytes.length - salvageEntries(bytes, apply) : decodeEntries(bytes, apply);
  const isDamaged = !isWhole || end !== bytes.length || generation === undefined;
  if (isDamaged && !salvage)
    throw new DamagedFolder(`${path} cannot be read at byte ${end}`, 'forgets the topics and offsets that stand there');
  return { state, generation: generation ?? 0, isDamaged };
}
