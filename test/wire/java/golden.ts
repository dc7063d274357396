import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { JavaMessage } from './messages.ts';

/** One message of each form, a JSON object a line, packed. */
export const GOLDEN = fileURLToPath(new URL('./golden.jsonl.gz', import.meta.url));

export function goldenMessages(): JavaMessage[] {
  const lines = gunzipSync(readFileSync(GOLDEN)).toString().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as JavaMessage);
}
