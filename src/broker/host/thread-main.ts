import { parentPort, workerData } from 'node:worker_threads';
import { isStreamerError } from '../../errors.ts';
import { startBroker } from '../broker.ts';
import type { BrokerOptions } from '../options.ts';
import type { FromThread } from './messages.ts';

const say = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const broker = await startBroker({ ...(workerData as BrokerOptions), onLog: (entry) => say({ type: 'log', entry }) });
  parentPort?.once('message', async () => {
    await broker.close();
    parentPort?.close();
  });
  say({ type: 'ready', address: broker.address, ports: broker.ports });
} catch (error) {
  const code = isStreamerError(error) ? error.code : 'USAGE';
  const next = isStreamerError(error) ? error.next : undefined;
  say({ type: 'failed', message: error instanceof Error ? error.message : String(error), code, next });
}
