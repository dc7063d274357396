import type { CommitMark } from './commit-mark.ts';
import { BITS_PER_CHARACTER, decodeExactMap, encodeExactMap } from './exact-map.ts';
import { decodeFinished, type FinishedMap } from './finished-map.ts';

/**
 * Metadata of a commit, format 2, for tasks with tables: `s2;<topic id>;<writer>;<table>=<number>,...;<agent>=<finished>;...`,
 * numbers in base 36. Its finished map is exact: an event that is in a table and not in the map would be counted twice. So its length is
 * bounded from the other side: no record is let in that could make it too long (`runAheadOf`).
 */
const HEAD = 's2';
/** Brokers refuse more by default (`offset.metadata.max.bytes`). */
export const EXACT_LIMIT = 4_096;
/** Offsets that work may run ahead of the first unfinished one, whatever else there is. */
const RUN_AHEAD = 10_000;
/** Of all agents of a topic together: 3,000 characters as a bitmap. */
const SHARED_RUN_AHEAD = 18_000;
/** Characters of a cut number; of what separates parts. */
const NUMBER_LENGTH = 11;
const SEPARATORS = 4;

export interface DecodedCommit {
  readonly finished: FinishedMap;
  /** Undefined for a commit in another format. */
  readonly mark: CommitMark | undefined;
}

/** The text may be longer than `EXACT_LIMIT`: it cannot be committed then. */
export function encodeExact(offset: number, finished: FinishedMap, { topicId, writer, numbers }: CommitMark): string {
  const list = [...numbers].map(([table, number]) => `${table}=${number.toString(36)}`).join(',');
  return [HEAD, topicId, writer, list, ...encodeExactMap(offset, finished)].join(';');
}

/** Reads either format. Foreign, damaged or absent metadata is an empty map without a mark. */
export function decodeCommit(offset: number, metadata: string | null): DecodedCommit {
  const [head, topicId, writer, list, ...agents] = (metadata ?? '').split(';');
  const nothing: DecodedCommit = { finished: new Map(), mark: undefined };
  if (head !== HEAD) return { ...nothing, finished: decodeFinished(offset, metadata) };
  const numbers = decodeNumbers(list ?? '');
  const finished = decodeExactMap(offset, agents);
  if (topicId === undefined || writer === undefined || list === undefined || numbers === undefined || finished === undefined)
    return nothing;
  return { finished, mark: { topicId, writer, numbers } };
}

function decodeNumbers(list: string): ReadonlyMap<string, number> | undefined {
  const numbers = new Map<string, number>();
  for (const part of list === '' ? [] : list.split(',')) {
    const [, table, digits] = /^([a-zA-Z0-9._-]+)=([0-9a-z]{1,11})$/.exec(part) ?? [];
    if (table === undefined || digits === undefined) return undefined;
    const number = Number.parseInt(digits, 36);
    if (!Number.isSafeInteger(number)) return undefined;
    numbers.set(table, number);
  }
  return numbers;
}

/**
 * How far beyond the first unfinished offset a record may be let in, so that the map fits in any case: as a bitmap it needs a
 * character for six offsets of each agent.
 *
 * @param agents those that read the topic
 */
export function runAheadOf(agents: readonly string[], tables: readonly string[], writer: string): number {
  const names = [...agents, ...tables].reduce((sum, name) => sum + name.length + SEPARATORS, 0);
  const rest = HEAD.length + 22 + writer.length + SEPARATORS + tables.length * NUMBER_LENGTH;
  const share = Math.floor((EXACT_LIMIT - names - rest) / Math.max(1, agents.length)) * BITS_PER_CHARACTER;
  return Math.max(1, Math.min(RUN_AHEAD, Math.floor(SHARED_RUN_AHEAD / Math.max(1, agents.length)), share - 2 * BITS_PER_CHARACTER));
}
