import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from '../../app.ts';
import { type Broker, startBrokerThread } from '../../broker/index.ts';
import { settingNames, settings } from '../../config/index.ts';
import { isStreamerError } from '../../errors.ts';
import { textsFlag, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { createTopics } from '../topics/create.ts';
import { announceBroker } from './address.ts';
import { Child } from './child.ts';
import { watchFolders } from './watch.ts';

const MAIN = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** Runs broker, topics, worker and the app's commands together until a signal arrives. */
export async function runDev(options: RawOptions): Promise<void> {
  const stop = stopSignal();
  const session = await openAppSession(options);
  session.app.validate();
  const say = (text: string) => session.output.line(text);
  const broker = await brokerFor(session, options, say);
  const brokers = broker?.address ?? session.settings.values.brokers.join(',');
  say(`${session.app.id} ${session.app.version}   broker ${brokers}${broker === undefined ? '' : ' (embedded)'}`);
  const forget = broker === undefined ? () => undefined : announceBroker(broker.address);
  const children: Child[] = [];
  try {
    await createTopics([], { ...options, brokers });
    await runChildren(children, { session, options, brokers, say, signal: stop.signal });
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    forget();
    await session.close();
    await broker?.close();
    stop.release();
  }
}

interface Run {
  readonly session: AppSession;
  readonly options: RawOptions;
  readonly brokers: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Starts the commands that come first, then the worker and the other commands; ends with the signal. */
async function runChildren(children: Child[], { session, options, brokers, say, signal }: Run): Promise<void> {
  const app = ['-A', options.app ?? session.appPath, '--brokers', brokers];
  const { first, beside } = commandsOf(session.app, options);
  const start = (words: readonly string[]) => {
    const child = new Child(String(words[0]), [MAIN, 'run', ...app, ...words], say);
    children.push(child);
    return child;
  };
  await Promise.race([Promise.all(first.map((words) => start(words).ready)), aborted(signal)]);
  if (signal.aborted) return;
  const worker = new Child('worker', [MAIN, 'worker', ...app, ...flagsFor(options)], say);
  children.push(worker);
  for (const words of beside) start(words);
  const unwatch =
    options['watch'] === false
      ? () => undefined
      : watchFolders(foldersOf(options, session), (file) => {
          say(`${file} changed: restarting the worker`);
          worker.restart();
        });
  await aborted(signal);
  unwatch();
}

interface Commands {
  /** Those that the worker waits for. */
  readonly first: ReadonlyArray<readonly string[]>;
  readonly beside: ReadonlyArray<readonly string[]>;
}

/** The commands that the app declares for `dev`, and those of `--run`. */
function commandsOf({ commands }: App, options: RawOptions): Commands {
  const asked = textsFlag(options, 'run').map((line) => line.trim().split(/\s+/));
  const own = [...commands.values()].filter(({ name, inDev }) => inDev !== false && !asked.some(([word]) => word === name));
  const named = (isFirst: boolean) => own.filter(({ inDev }) => (inDev === 'first') === isFirst).map(({ name }) => [name]);
  return { first: named(true), beside: [...named(false), ...asked] };
}

/** The settings that were given as flags. The worker finds the others where this process did. */
function flagsFor(options: RawOptions): string[] {
  return settingNames
    .filter((name) => name !== 'brokers' && options[name] !== undefined)
    .flatMap((name) => [String(settings[name].flag.split(' ')[0]), String(options[name])]);
}

/**
 * Starts an embedded broker unless brokers are configured: on `--port`, else on the default port, where other commands look for
 * it, else (when that one is taken) on a free port.
 */
async function brokerFor({ settings: resolved }: AppSession, options: RawOptions, say: Run['say']): Promise<Broker | undefined> {
  const { origins, values } = resolved;
  const wanted = wholeNumber('--port', options['port']);
  if (wanted !== undefined) return startBrokerThread({ port: wanted });
  if (origins.brokers.layer !== 'default') return undefined;
  const port = Number(values.brokers[0]?.split(':')[1]);
  try {
    return await startBrokerThread({ port });
  } catch (error) {
    if (!isStreamerError(error) || error.code !== 'CONFIG') throw error;
    const broker = await startBrokerThread();
    say(`port ${port} is taken: the embedded broker listens on ${broker.address}`);
    say(`  commands in this project find it; elsewhere: --brokers ${broker.address}. To choose the port: --port`);
    return broker;
  }
}

function foldersOf(options: RawOptions, session: AppSession): readonly string[] {
  const named = textsFlag(options, 'watch');
  return named.length > 0 ? named : [dirname(session.appPath)];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
