import type { Database, Row } from './database.ts';

/** Approximate size of one fetch. */
const FETCH_BYTES = 4 * 1024 * 1024;
const MAX_ROWS = 5000;

/**
 * Yields the rows of a query in parts, so that memory does not grow with the result. The size of a part follows from the sizes of
 * the rows before it. Needs an open transaction.
 */
export async function* fetched(database: Database, query: string): AsyncGenerator<readonly Row[]> {
  await database.rows(`declare streamer_cursor no scroll cursor for ${query}`);
  try {
    for (let count = 16; ; ) {
      const rows = await database.rows(`fetch forward ${count} from streamer_cursor`);
      if (rows.length === 0) return;
      yield rows;
      const perRow = rows.reduce((sum, row) => sum + sizeOf(row), 0) / rows.length;
      count = Math.max(1, Math.min(MAX_ROWS, count * 4, Math.floor(FETCH_BYTES / perRow)));
    }
  } finally {
    await database.rows('close streamer_cursor').catch(() => {});
  }
}

function sizeOf(row: Row): number {
  return row.reduce((sum, value) => sum + (value?.length ?? 0) + 8, 0);
}
