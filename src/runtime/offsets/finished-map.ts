import type { OffsetRange } from './offset-tracker.ts';

/**
 * The finished map: the offsets above the committed one that each agent has finished. It travels in the commit's metadata,
 * so that a restart does not redo them.
 *
 * Format 1: `s1;<agent>=<run>,<run>,...;<agent>=...`, runs in base 36, alternately finished and unfinished, counted from
 * the committed offset on, the first one finished (0 if it is not). A map that does not fit into the limit is cut at the high
 * end: it then covers less, and is never wrong.
 */
export type FinishedMap = ReadonlyMap<string, readonly OffsetRange[]>;

/** Brokers refuse more than 4,096 bytes by default (`offset.metadata.max.bytes`), and the client then fails the whole commit. */
export const METADATA_LIMIT = 3_500;
const HEAD = 's1';

/** @param ranges per agent, in order, none of them below `offset`; they may touch */
export function encodeFinished(offset: number, ranges: FinishedMap): string {
  const busy = [...ranges].filter(([, list]) => list.length > 0);
  if (busy.length === 0) return '';
  const share = Math.floor((METADATA_LIMIT - HEAD.length) / busy.length);
  let text = HEAD;
  for (const [agent, list] of busy) text += encodeAgent(agent, offset, joined(list), share);
  return text === HEAD ? '' : text;
}

function encodeAgent(agent: string, offset: number, ranges: readonly OffsetRange[], limit: number): string {
  let text = `;${agent}=`;
  let at = offset;
  let isEmpty = true;
  for (const [start, end] of ranges) {
    const runs = start === at ? [end - start] : isEmpty ? [0, start - at, end - start] : [start - at, end - start];
    const piece = `${isEmpty ? '' : ','}${runs.map((run) => run.toString(36)).join(',')}`;
    if (text.length + piece.length > limit) break;
    text += piece;
    isEmpty = false;
    at = end;
  }
  return isEmpty ? '' : text;
}

/** Runs alternate, so ranges that touch are one. */
function joined(ranges: readonly OffsetRange[]): OffsetRange[] {
  const result: OffsetRange[] = [];
  for (const [start, end] of ranges) {
    const last = result.at(-1);
    if (last !== undefined && last[1] === start) result[result.length - 1] = [last[0], end];
    else result.push([start, end]);
  }
  return result;
}

/** Reads foreign, damaged or absent metadata as an empty map: offsets are then done again, and none is skipped. */
export function decodeFinished(offset: number, metadata: string | null): FinishedMap {
  const [head, ...parts] = (metadata ?? '').split(';');
  const map = new Map<string, OffsetRange[]>();
  if (head !== HEAD) return map;
  for (const part of parts) {
    const match = /^([a-zA-Z0-9._-]+)=([0-9a-z]{1,11}(?:,[0-9a-z]{1,11})*)$/.exec(part);
    if (match === null) return new Map();
    const ranges: OffsetRange[] = [];
    let at = offset;
    for (const [index, run] of match[2]!.split(',').entries()) {
      const end = at + Number.parseInt(run, 36);
      if (index % 2 === 0 && end > at) ranges.push([at, end]);
      at = end;
    }
    if (!Number.isSafeInteger(at)) return new Map();
    map.set(match[1]!, ranges);
  }
  return map;
}

/** Looks offsets up in growing order. */
export class FinishedCursor {
  readonly #ranges: readonly OffsetRange[];
  #index = 0;

  constructor(ranges: readonly OffsetRange[]) {
    this.#ranges = ranges;
  }

  has(offset: number): boolean {
    while (this.#index < this.#ranges.length && this.#ranges[this.#index]![1] <= offset) this.#index++;
    const range = this.#ranges[this.#index];
    return range !== undefined && offset >= range[0];
  }

  /** The ranges from an offset on, which is not below one that was looked up. */
  from(offset: number): OffsetRange[] {
    return this.#ranges
      .slice(this.#index)
      .filter(([, end]) => end > offset)
      .map(([start, end]) => [Math.max(start, offset), end]);
  }
}
