import { ConfigError } from '../../errors.ts';
import { type Files, readWhole } from '../storage/files.ts';
import { decodeEntries, encodeEntry } from './entry-codec.ts';
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

/** @throws ConfigError when the file was damaged: without it nobody can say which topics there are */
export function readSnapshot(files: Files, folder: string): Snapshot {
  const state = new KeptState();
  const bytes = readWhole(files, `${folder}/${SNAPSHOT}`);
  if (bytes === undefined) return { state, generation: 0 };
  let generation: number | undefined;
  let entries = 0;
  let isWhole = false;
  const end = decodeEntries(bytes, (entry) => {
    if (entry.type === 'generation') generation = entry.generation;
    else if (entry.type === 'end') isWhole = entry.entries === entries;
    else {
      state.apply(entry);
      entries += 1;
    }
  });
  if (isWhole && end === bytes.length && generation !== undefined) return { state, generation };
  throw new ConfigError(`${folder}/${SNAPSHOT} is damaged at byte ${end}: it does not say any more which topics and offsets there were.`, {
    next: 'Bring back a copy of the data folder, or start with an empty one; the records are in its `topics` folder as Kafka record batches.',
  });
}
