import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** `*.slow.test.ts`: minutes in all, run by CI (`npm run test:slow`) and by name, but not by `npm test`. */
const SLOW = 'test/**/*.slow.test.ts';

/** Tests without state of the process that another could meet: their files share a process each, which halves their cost. */
const UNIT = ['agents', 'cli', 'config', 'models', 'options', 'package', 'scripts', 'tables', 'timing', 'topics', 'wire'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

const globalSetup = ['test/helpers/global-setup.ts'];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^streamerjs$/, replacement: source('index.ts') },
      { find: /^streamerjs\/(\w+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    testTimeout: 90_000,
    hookTimeout: 90_000,
    teardownTimeout: 10_000,
    pool: 'forks',
    // One more than a small machine has cores: tests of a broker wait more than they compute.
    maxWorkers: 3,
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT, exclude: [SLOW], isolate: false, globalSetup } },
      { extends: true, test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: [SLOW, ...UNIT], globalSetup } },
      { extends: true, test: { name: 'slow', include: [SLOW], globalSetup } },
    ],
  },
});
