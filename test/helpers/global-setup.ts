import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { type BrokerOptions, startBroker, startBrokerThread } from '../../src/broker/index.ts';
import { checkFolders } from './folders.ts';

const ANSWER_WITHIN_MS = 20_000;

/**
 * Gives every test the same broker, in `TEST_BROKERS`: the Kafka that `KAFKA_BROKERS` names, or an embedded one on a
 * free port for the length of the run. That one keeps its data in memory, or in a folder that is removed afterwards when
 * `TEST_BROKER_DATA` is set: to `os` or `fsync` for that durability, to anything else for the default.
 */
export default async function setup(): Promise<() => Promise<void>> {
  checkFolders(process.env);
  const given = process.env.KAFKA_BROKERS;
  if (given) {
    await waitForBroker(given);
    await waitForCoordinator(given);
    process.env.TEST_BROKERS = given;
    return async () => {};
  }
  // In a thread where there is a build of just these sources, so that the runner's own work does not delay its answers.
  const storage = storageOptions(process.env.TEST_BROKER_DATA);
  const broker = await (isBuilt() ? startBrokerThread(storage) : startBroker(storage));
  process.env.TEST_BROKERS = broker.address;
  return async () => {
    await broker.close();
    if (storage.data !== undefined) rmSync(storage.data, { recursive: true });
  };
}

function storageOptions(wanted: string | undefined): BrokerOptions {
  if (!wanted) return {};
  const data = mkdtempSync(join(tmpdir(), 'streamer-broker-data-'));
  return wanted === 'os' || wanted === 'fsync' ? { data, durability: wanted } : { data };
}

/** Is what was built newer than every source of the broker? */
function isBuilt(): boolean {
  const built = new URL('../../dist/.tsbuildinfo', import.meta.url);
  const sources = new URL('../../src/broker/', import.meta.url);
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return readdirSync(sources, { recursive: true }).every((name) => statSync(new URL(String(name), sources)).mtimeMs <= builtAt);
}

async function waitForBroker(brokers: string): Promise<void> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  while (!(await anyAnswers(brokers))) {
    if (Date.now() > deadline)
      throw new Error(
        `KAFKA_BROKERS=${brokers}: no broker accepted a connection within ${ANSWER_WITHIN_MS / 1000} s. Start it, or unset KAFKA_BROKERS to test on the embedded broker.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A Kafka that never had a group makes its offsets topic at the first question, and answers with errors meanwhile. */
async function waitForCoordinator(brokers: string): Promise<void> {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 20, maxRetryTime: 1000 } }).admin();
  await admin.connect();
  await admin.describeGroups(['test-warm-up']);
  await admin.disconnect();
}

async function anyAnswers(brokers: string): Promise<boolean> {
  const answers = await Promise.all(brokers.split(',').map(answersApiVersions));
  return answers.includes(true);
}

/** An ApiVersions request of version 0 (key 18, correlation id 7, no client id) must be answered with its own id. */
function answersApiVersions(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':');
  const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) }, () => socket.write(request));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('data', (answer) => end(answer.length >= 8 && answer.readInt32BE(4) === 7));
  });
}
