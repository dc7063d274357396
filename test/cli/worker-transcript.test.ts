import { expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { fixture, run, withStreamer } from './helpers.ts';

it('a worker escapes what a terminal would obey, and has no line for each of many retries', async () => {
  const app = fixture('hostile.ts');
  const prefix = unique('hostile');
  const env = { SHOP_PREFIX: prefix };
  expect((await run(['topics', 'create', '-A', app], { env })).code).toBe(0);
  try {
    const input = 'x\u001b[2J\u202e\n'.repeat(40);
    await run(['send', `${prefix}-words`, '-', '-k', 'k', '-A', app], { env, input });
    await withStreamer(['worker', '-A', app], { env }, async (worker) => {
      await worker.until((stdout) => stdout.includes('failed 40'));
      const { stdout, stderr } = await worker.end();
      expect(stdout).toContain('source rows snapshot: table "\\x1b]0;owned\\x07\\u202e"');
      expect(stderr).toContain('no: x\\x1b[2J\\u202e');
      expect(`${stdout}${stderr}`).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
      expect(stdout).not.toMatch(/^faked line/m);
      const retries = stderr.split('\n').filter((line) => line.includes(' info ') && line.includes('attempt'));
      expect(retries[0]).toMatch(/attempt 1 of \S+ \(agent "refuse"\) failed, next in /);
      expect(retries.at(-1)).toMatch(/79 more attempts of agent "refuse" failed within 5 s, the last of /);
      expect(retries).toHaveLength(2);
    });
  } finally {
    await run(['topics', 'delete', '-A', app, '--yes'], { env });
  }
});
