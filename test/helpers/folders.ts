import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What must lie in a folder that the environment names. Where it names none, the tests on it are skipped and say so. */
const CONTENTS = {
  DATA_DIR: ['bank-full.csv', 'bank_marketing_data.csv', 'ford.csv'],
  MODELS_DIR: ['goldens', 'models', 'http'],
  TESTBED: ['golden/debezium'],
} as const;

/** @throws Error when a folder was asked for and is not what the tests need: they must not be skipped then */
export function checkFolders(env: NodeJS.ProcessEnv): void {
  for (const [name, contents] of Object.entries(CONTENTS)) {
    const folder = env[name];
    if (folder === undefined) continue;
    const missing = contents.filter((entry) => !existsSync(join(folder, entry)));
    if (missing.length > 0)
      throw new Error(`${name}=${folder} lacks ${missing.join(', ')}. Name the right folder, or unset ${name} to skip its tests.`);
  }
}
