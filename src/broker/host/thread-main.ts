import { parentPort, workerData } from 'node:worker_threads';
import { type Broker, type Fault, startBroker } from '../broker.ts';
import type { BrokerOptions } from '../options.ts';
import type { Call, FromThread, ToThread } from './messages.ts';
import { toSent } from './sent-error.ts';

const say = (message: FromThread): void => parentPort?.postMessage(message);
const faults: Fault[] = [];

try {
  const broker = await startBroker({ ...(workerData as BrokerOptions), onLog: (entry) => say({ type: 'log', entry }) });
  parentPort?.on('message', (message: ToThread) => void (message.type === 'close' ? close(broker) : answer(broker, message)));
  say({ type: 'ready', address: broker.address, ports: broker.ports });
} catch (error) {
  say({ type: 'failed', ...toSent(error) });
}

async function close(broker: Broker): Promise<void> {
  await broker.close();
  parentPort?.close();
}

async function answer(broker: Broker, { id, call }: Extract<ToThread, { type: 'call' }>): Promise<void> {
  try {
    say({ type: 'returned', id, value: await carryOut(broker, call) });
  } catch (error) {
    say({ type: 'threw', id, error: toSent(error) });
  }
}

async function carryOut(broker: Broker, call: Call): Promise<unknown> {
  switch (call.method) {
    case 'fault':
      return faults.push(await broker.fault(call.options)) - 1;
    case 'hits':
      return faults[call.fault]?.hits();
    case 'clear':
      return faults[call.fault]?.clear();
    case 'advance':
      return broker.advance(call.ms);
    case 'dump':
      return broker.dump();
  }
}
