import { getLogger } from '@logtape/logtape';
import type { App } from '../../app.ts';
import type { StreamerError } from '../../errors.ts';
import type { KafkaClient } from '../../kafka/index.ts';
import type { StopResult, Worker } from '../../runtime/index.ts';
import { persist } from '../../timing/index.ts';
import { AGENT_HEADER, agentRows, sourceRows, tableRows } from '../agent-table.ts';
import { awaitBroker } from '../broker-probe.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { WorkerReport } from './report.ts';

const log = getLogger(['streamer', 'cli']);
/** Time beyond the drain budget for the last commit, for leaving the group, and for closing connections. */
const CLOSING_MS = 15_000;

/** Runs a worker until a signal arrives or the worker fails. */
export async function runWorker(options: RawOptions): Promise<void> {
  const session = await openAppSession(options);
  const stop = stopRequest();
  try {
    session.app.validate();
    introduce(session);
    await prepare(session, options.app ?? session.appPath, stop.signal);
    if (!stop.signal.aborted) await work(session, stop);
  } finally {
    await session.close();
    stop.release();
  }
}

/** Fails when no broker answers. A broker that answered and went away is waited for. */
async function prepare(session: AppSession, name: string, signal: AbortSignal): Promise<void> {
  const { app, settings } = session;
  await awaitBroker(settings);
  const connectAndCheck = async () => checkTopics(await app.client(), app, name);
  await persist(connectAndCheck, signal, warnNotReady).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function warnNotReady(error: StreamerError): void {
  log.warning('not ready yet: {error}', { error });
}

async function work({ app, output, settings }: AppSession, { asked, signal }: StopRequest): Promise<void> {
  // A schema registry that is away is waited for, as a broker is.
  const started = persist(() => app.start({ logging: false }), signal, warnNotReady).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  const worker = await Promise.race([started, asked]);
  if (worker === undefined) return;
  const report = new WorkerReport(app, worker, settings.values, output);
  try {
    await Promise.race([worker.stopped, asked]);
    const guard = endInTime(settings.values.drainTimeoutMs + CLOSING_MS);
    report.stopped(await stopWorker(app, worker));
    clearTimeout(guard);
  } finally {
    report.close();
  }
}

/** Stops the worker and closes its connections; returns how long all of it took. */
async function stopWorker(app: App, worker: Worker): Promise<StopResult & { readonly ms: number }> {
  const startedAt = performance.now();
  const result = await worker.stop();
  await app.stop();
  return { ...result, ms: performance.now() - startedAt };
}

interface StopRequest {
  readonly asked: Promise<void>;
  readonly signal: AbortSignal;
  release(): void;
}

function stopRequest(): StopRequest {
  const { signal, release } = stopSignal();
  const asked = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return { asked, signal, release };
}

function endInTime(ms: number): NodeJS.Timeout {
  return setTimeout(() => {
    process.stderr.write(`streamer: the worker has not stopped within ${ms} ms; ending the process\n`);
    process.exit(1);
  }, ms).unref();
}

function introduce({ app, output, settings }: AppSession): void {
  output.line(`${app.id} ${app.version}   broker ${settings.values.brokers.join(',')}   group ${app.id}`);
  if (app.agents.size > 0) output.table(agentRows(app), AGENT_HEADER);
  if (app.tables.size > 0) output.table(tableRows(app), ['table', 'written by', 'read by', 'changelog']);
  if (app.sources.size > 0) output.table(sourceRows(app), ['source', 'kind', 'to']);
}

async function checkTopics(client: KafkaClient, app: App, name: string): Promise<void> {
  const admin = await client.admin();
  const specs = app.topicSpecs();
  const counts = await admin.partitionCounts(specs.map((spec) => spec.name));
  const missing = specs.filter((spec) => !counts.has(spec.name)).map((spec) => spec.name);
  if (missing.length === 0) return;
  throw new CommandError(2, `${missing.length === 1 ? 'a topic is' : 'topics are'} missing: ${missing.join(', ')}`, {
    next: `Create the topics of the app:  streamer topics create -A ${name}`,
  });
}
