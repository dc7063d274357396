import { parseArgs } from 'node:util';
import { startBrokerThread } from '../../../../src/broker/index.ts';
import { postgresServer } from '../../../helpers/replicating-postgres.ts';
import { killRounds } from './kill-rounds.ts';
import { largeTransaction } from './large-transaction.ts';

/** `npm run soak:cdc -- --kills 20 --transactions 2000 --rows 200000`; on the broker of KAFKA_BROKERS where it is set. */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    transactions: { type: 'string', default: '2000' },
    rows: { type: 'string', default: '200000' },
  },
});
const server = await postgresServer();
const broker = process.env.KAFKA_BROKERS === undefined ? await startBrokerThread() : undefined;
const brokers = broker === undefined ? process.env.KAFKA_BROKERS!.split(',') : [broker.address];
try {
  const kills = { kills: Number(values.kills), transactions: Number(values.transactions), random: Math.random };
  console.log(JSON.stringify(await killRounds({ url: await server.database(), brokers, ...kills })));
  console.log(JSON.stringify(await largeTransaction(await server.database(), brokers, Number(values.rows))));
} finally {
  await broker?.close();
  await server.stop();
}
