import { expect, it } from 'vitest';
import { brokers } from '../../helpers/broker.ts';
import { postgresServer } from '../../helpers/replicating-postgres.ts';
import { killRounds } from './soak/kill-rounds.ts';

it('loses no change and keeps the order of each row when its process is killed again and again', async () => {
  const server = await postgresServer();
  try {
    const figures = await killRounds({
      url: await server.database(),
      brokers: brokers(),
      kills: 2,
      transactions: 100,
      random: Math.random,
    });
    expect(figures.records).toBeGreaterThanOrEqual(figures.changes);
  } finally {
    await server.stop();
  }
}, 180_000);
