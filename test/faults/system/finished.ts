/** Half-open. */
export type Range = readonly [start: number, end: number];

/**
 * What an agent has finished beyond the commit, read from the commit's metadata by a reader of our own. Format:
 * `s1;<agent>=<run>,<run>,...;...`, runs in base 36 from the committed offset on, alternately finished and not.
 */
export function readFinished(offset: number, metadata: string | null): ReadonlyMap<string, readonly Range[]> {
  const map = new Map<string, readonly Range[]>();
  if (!metadata?.startsWith('s1;')) return map;
  for (const part of metadata.slice(3).split(';')) {
    const [agent = '', runs = ''] = part.split('=');
    const ranges: Range[] = [];
    let at = offset;
    let isFinished = true;
    for (const run of runs.split(',')) {
      const end = at + Number.parseInt(run, 36);
      if (isFinished && end > at) ranges.push([at, end]);
      at = end;
      isFinished = !isFinished;
    }
    map.set(agent, ranges);
  }
  return map;
}
