import type { App } from '../../app.ts';
import type { Worker } from '../../runtime/worker.ts';
import { AGENT_HEADER, agentRows } from '../agent-table.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { onStopSignal } from '../signals.ts';
import { WorkerReport } from './report.ts';

/** Beyond the drain budget: time for the last commit, for leaving the group, and for closing connections. */
const CLOSING_MS = 5_000;

/** Runs until a signal comes or the worker fails. */
export async function runWorker(options: RawOptions): Promise<void> {
  const session = await openAppSession(options);
  const stop = stopRequest();
  try {
    session.app.validate();
    introduce(session);
    await session.client();
    await checkTopics(session, options.app ?? '');
    await work(session, stop.asked);
  } finally {
    await session.close();
    stop.release();
  }
}

async function work({ app, output, settings }: AppSession, asked: Promise<void>): Promise<void> {
  const worker = await Promise.race([app.start(), asked]);
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

/** Times the whole of it: drain, commit, leave, close. */
async function stopWorker(app: App, worker: Worker): Promise<{ drained: number; abandoned: number; ms: number }> {
  const startedAt = performance.now();
  const result = await worker.stop();
  await app.stop();
  return { ...result, ms: performance.now() - startedAt };
}

function stopRequest(): { readonly asked: Promise<void>; release(): void } {
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    // Not `resolve` itself: it would be given the signal's name.
    ask = () => resolve();
  });
  return { asked, release: onStopSignal(ask) };
}

function endInTime(ms: number): NodeJS.Timeout {
  return setTimeout(() => {
    process.stderr.write(`streamer: the worker has not stopped within ${ms} ms; ending the process\n`);
    process.exit(1);
  }, ms).unref();
}

function introduce({ app, output, settings }: AppSession): void {
  output.line(`${app.id} ${app.version}   broker ${settings.values.brokers.join(',')}   group ${app.id}`);
  output.table(agentRows(app), AGENT_HEADER);
}

async function checkTopics(session: AppSession, name: string): Promise<void> {
  const admin = await session.admin();
  const specs = session.app.topicSpecs();
  const counts = await admin.partitionCounts(specs.map((spec) => spec.name));
  const missing = specs.filter((spec) => !counts.has(spec.name)).map((spec) => spec.name);
  if (missing.length === 0) return;
  throw new CommandError(2, `${missing.length === 1 ? 'a topic is' : 'topics are'} missing: ${missing.join(', ')}`, {
    next: `Create what the app declares:  streamer topics create -A ${name}`,
  });
}
