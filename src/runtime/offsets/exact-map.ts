import type { FinishedMap } from './finished-map.ts';
import type { OffsetRange } from './offset-tracker.ts';

/** `r` and runs as in format 1, or `b` and a bitmap in base64url, whose bit i, the lowest first, stands for offset + i. */
const FINISHED = /^([a-zA-Z0-9._-]+)=(?:r([0-9a-z]{1,11}(?:,[0-9a-z]{1,11})*)|b([\w-]*))$/;

/** Bits that one character of a bitmap carries. */
export const BITS_PER_CHARACTER = 6;

/**
 * Writes the whole map, in the shorter form for each agent: `agent=r4,2,1` or `agent=b...`. Agents without ranges are left out.
 *
 * @param ranges per agent, in order, none of them below `offset`; they may touch
 */
export function encodeExactMap(offset: number, ranges: FinishedMap): string[] {
  return [...ranges].flatMap(([agent, list]) => {
    const end = list.at(-1)?.[1];
    if (end === undefined) return [];
    const runs = runsOf(offset, list);
    const bitmapLength = Math.ceil((Math.ceil((end - offset) / 8) * 8) / BITS_PER_CHARACTER);
    return [`${agent}=${runs.length <= bitmapLength ? `r${runs}` : `b${bitmapOf(offset, end, list)}`}`];
  });
}

/** Returns undefined for parts that are not a map. */
export function decodeExactMap(offset: number, parts: readonly string[]): FinishedMap | undefined {
  const map = new Map<string, OffsetRange[]>();
  for (const part of parts) {
    const [, agent, runs, bitmap] = FINISHED.exec(part) ?? [];
    if (agent === undefined) return undefined;
    const ranges = runs === undefined ? rangesOfBitmap(offset, bitmap ?? '') : rangesOfRuns(offset, runs);
    if (!ranges.every(([, end]) => Number.isSafeInteger(end))) return undefined;
    map.set(agent, ranges);
  }
  return map;
}

function runsOf(offset: number, ranges: readonly OffsetRange[]): string {
  const runs: number[] = [];
  let at = offset;
  for (const [start, end] of ranges) {
    if (start === at && runs.length > 0) runs[runs.length - 1] = (runs.at(-1) ?? 0) + end - start;
    else if (start === at) runs.push(end - start);
    else runs.push(...(runs.length === 0 ? [0] : []), start - at, end - start);
    at = end;
  }
  return runs.map((run) => run.toString(36)).join(',');
}

function rangesOfRuns(offset: number, runs: string): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  let at = offset;
  for (const [index, run] of runs.split(',').entries()) {
    const end = at + Number.parseInt(run, 36);
    if (index % 2 === 0 && end > at) ranges.push([at, end]);
    at = end;
  }
  return ranges;
}

function bitmapOf(offset: number, end: number, ranges: readonly OffsetRange[]): string {
  const bits = Buffer.alloc(Math.ceil((end - offset) / 8));
  for (const [from, to] of ranges) {
    for (let bit = from - offset; bit < to - offset; bit++) bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return bits.toString('base64url');
}

function rangesOfBitmap(offset: number, bitmap: string): OffsetRange[] {
  const bits = Buffer.from(bitmap, 'base64url');
  const ranges: OffsetRange[] = [];
  let start: number | undefined;
  for (let bit = 0; bit <= bits.length * 8; bit++) {
    const isSet = ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    if (isSet) start ??= bit;
    else if (start !== undefined) {
      ranges.push([offset + start, offset + bit]);
      start = undefined;
    }
  }
  return ranges;
}
