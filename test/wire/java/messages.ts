import { fileURLToPath } from 'node:url';
import type { Api } from '../../../src/wire/api.ts';
import * as admin from '../../../src/wire/apis/admin.ts';
import * as config from '../../../src/wire/apis/config.ts';
import * as data from '../../../src/wire/apis/data.ts';
import * as group from '../../../src/wire/apis/group.ts';
import * as security from '../../../src/wire/apis/security.ts';
import * as transaction from '../../../src/wire/apis/transaction.ts';
import { runForeign } from '../../conformance/foreign-program.ts';

export type Side = 'request' | 'response';

/** One message as Kafka's Java client wrote it. */
export interface JavaMessage {
  readonly key: number;
  readonly version: number;
  readonly side: Side;
  readonly hex: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Every table that broker and client encode and decode by. */
export const TABLES: readonly Api[] = [admin, config, data, group, security, transaction].flatMap((tables) => Object.values<Api>(tables));

/** Every table in every version, both ways. */
export const FORMS = TABLES.flatMap((api) =>
  Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, i) => api.versions[0] + i).flatMap((version) =>
    (['request', 'response'] as const).map((side) => ({ api, name: api.name, version, side })),
  ),
);

/** Has the Java client's classes write one random message of each form. @param jars folder of Kafka's jars */
export async function javaMessages(jars: string, seed: number): Promise<JavaMessage[]> {
  const program = fileURLToPath(new URL('./Messages.java', import.meta.url));
  const lines = FORMS.map(({ api, version, side }, i) => `${api.key} ${version} ${side} ${seed * 100_000 + i}\n`);
  const { code, stdout, stderr } = await runForeign('java', ['-cp', `${jars}/*`, program], lines.join(''));
  if (code !== 0) throw new Error(`java ended with ${code}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JavaMessage);
}
