import { decodeChangelogValue, isCutKey } from '../../../src/tables/index.ts';
import { readAll } from '../../helpers/broker.ts';

/** Entries of a changelog as any reader finds them: the last value of each key, cut records left out. Values are numbers in text. */
export async function changelogOf(topic: string): Promise<Map<string, number>> {
  const entries = new Map<string, number>();
  for (const { key, value } of await readAll(topic)) {
    if (key === null || isCutKey(key)) continue;
    if (value === null) entries.delete(String(key));
    else entries.set(String(key), decodeChangelogValue(value).value.readDoubleBE(0));
  }
  return new Map([...entries].sort());
}
