import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedSettings } from '../config/index.ts';
import { CommandError } from './command-error.ts';

const PATIENCE_MS = 1_000;
const PAUSE_MS = 150;

/**
 * Resolves when one of the brokers accepts a connection. A command that finds no broker fails within seconds, where a client
 * would retry for much longer.
 *
 * @throws CommandError (exit 2) that names both ways to get a broker
 */
export async function awaitBroker(settings: ResolvedSettings, patienceMs = PATIENCE_MS): Promise<void> {
  const { brokers } = settings.values;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const failures = await Promise.all(brokers.map((broker) => probe(broker)));
    if (failures.includes(undefined)) return;
    if (Date.now() + PAUSE_MS >= deadline) throw noBroker(settings, failures.join('; '));
    await sleep(PAUSE_MS);
  }
}

function noBroker(settings: ResolvedSettings, reason: string): CommandError {
  const { layer, name } = settings.origins.brokers;
  const origin = layer === 'default' ? 'the default address' : `from ${name ?? layer}`;
  return new CommandError(2, `no Kafka broker answers at ${settings.values.brokers.join(', ')} (${origin}): ${reason}`, {
    next: 'Start the embedded one in another terminal:  node_modules/.bin/streamer broker\n  or name your own:  export KAFKA_BROKERS=host:9092  (or --brokers host:9092)',
  });
}

/** Resolves to undefined when the connection is accepted, else to the reason. */
function probe(broker: string): Promise<string | undefined> {
  const at = broker.lastIndexOf(':');
  const host = broker.slice(0, at).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(broker.slice(at + 1)) });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(3_000, () => end('no answer in 3 s'));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
