import { expect, it } from 'vitest';
import { openPool } from '../../src/connect/postgres-sink/client.ts';

it('says how to install pg when it is not there', async () => {
  const absent = () => Promise.reject(new Error("Cannot find package 'pg'"));
  await expect(openPool({}, absent)).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('needs the package pg'),
    next: 'Install it: npm install pg',
  });
});
