import { expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { fixture, run } from './helpers.ts';

it('a worker that is asked to end before it is ready ends in order: exit 0', async () => {
  const app = fixture('slow-start.ts');
  const env = { SHOP_PREFIX: unique('early') };
  expect((await run(['topics', 'create', '-A', app], { env })).code).toBe(0);
  try {
    const { code, stderr } = await run(['worker', '-A', app, '--json'], { env });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  } finally {
    await run(['topics', 'delete', '-A', app, '--yes'], { env });
  }
});
