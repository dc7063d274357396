import type { FinishedMap } from '../offsets/finished-map.ts';

/** Where an input begins, and what has been finished beyond that. */
export interface InputStart {
  readonly position: number;
  readonly finished: FinishedMap;
  /** Of the commit at this position; `UNCOMMITTED` when there is none. */
  readonly metadata: string;
  /** Of the topic that is read. Set in apps with tables. */
  readonly topicId?: string | undefined;
  /** Cut numbers of the commit, by table; undefined without a commit. */
  readonly numbers?: ReadonlyMap<string, number> | undefined;
}

/** Differs from every metadata that is written, so that the position is committed. */
export const UNCOMMITTED = '-';

export function freshStart(position: number): InputStart {
  return { position, finished: new Map(), metadata: UNCOMMITTED };
}
