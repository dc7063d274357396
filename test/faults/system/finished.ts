/** Half-open. */
export type Range = readonly [start: number, end: number];

/**
 * What an agent has finished beyond the commit, read from the commit's metadata by a reader of our own.
 *
 * Format 1: `s1;<agent>=<run>,<run>,...;...`, runs in base 36 from the committed offset on, alternately finished and not.
 * Format 2, of tasks with tables: `s2;<topic id>;<writer>;<cut numbers>;<agent>=<finished>;...`, where `finished` is `r` and runs,
 * or `b` and a bitmap in base64url, the lowest bit first.
 */
export function readFinished(offset: number, metadata: string | null): ReadonlyMap<string, readonly Range[]> {
  const [head, ...parts] = (metadata ?? '').split(';');
  if (head === 's1') return new Map(parts.map((part) => agentOf(part, (runs) => ofRuns(offset, runs))));
  if (head !== 's2') return new Map();
  const form = (text: string) => (text.startsWith('b') ? ofBitmap(offset, text.slice(1)) : ofRuns(offset, text.slice(1)));
  return new Map(parts.slice(3).map((part) => agentOf(part, form)));
}

function agentOf(part: string, read: (text: string) => Range[]): [string, Range[]] {
  const [agent = '', text = ''] = part.split('=');
  return [agent, read(text)];
}

function ofRuns(offset: number, runs: string): Range[] {
  const ranges: Range[] = [];
  let at = offset;
  let isFinished = true;
  for (const run of runs.split(',')) {
    const end = at + Number.parseInt(run, 36);
    if (isFinished && end > at) ranges.push([at, end]);
    at = end;
    isFinished = !isFinished;
  }
  return ranges;
}

function ofBitmap(offset: number, text: string): Range[] {
  const bytes = Buffer.from(text, 'base64url');
  return Array.from({ length: bytes.length * 8 }, (_, bit) => bit)
    .filter((bit) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) % 2 === 1)
    .map((bit) => [offset + bit, offset + bit + 1]);
}
