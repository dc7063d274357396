import type { Entry } from './batch.ts';
import type { PgClient } from './client.ts';
import { quoted } from './sql-names.ts';

/**
 * Postgres names the column of a missing value, but not the one of a value that is too long or of the wrong form: each is tried
 * by itself in a temporary copy of the columns.
 *
 * @returns undefined when every value fits by itself, or nothing could be tried
 */
export async function columnToBlame(client: PgClient, entry: Entry): Promise<string | undefined> {
  try {
    await client.query(`begin; create temporary table _streamer_try on commit drop as select * from ${entry.table.quoted} with no data;`);
    return await firstRefused(client, entry);
  } catch {
    return undefined;
  } finally {
    await client.query('rollback').catch(() => {});
  }
}

async function firstRefused(client: PgClient, { texts }: Entry): Promise<string | undefined> {
  for (const [at, { name, cast }] of texts.columns.entries()) {
    await client.query('savepoint value');
    try {
      await client.query(`insert into pg_temp._streamer_try (${quoted(name)}) select $1::text::${cast}`, [texts.values[at]]);
    } catch {
      return name;
    }
  }
  return undefined;
}
