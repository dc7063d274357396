import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from '../../app.ts';
import { type Broker, startBrokerThread } from '../../broker/index.ts';
import { settingNames, settings } from '../../config/index.ts';
import { isStreamerError } from '../../errors.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { stopSignal } from '../signals.ts';
import { createTopics } from '../topics/create.ts';
import { Child } from './child.ts';
import { watchFolders } from './watch.ts';

const MAIN = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** Broker, topics, worker and app commands together, until a signal comes. */
export async function runDev(options: RawOptions): Promise<void> {
  const stop = stopSignal();
  const session = await openAppSession(options);
  session.app.validate();
  const broker = await brokerFor(session);
  const brokers = broker?.address ?? session.settings.values.brokers.join(',');
  const say = (text: string) => session.output.line(text);
  say(`${session.app.id} ${session.app.version}   broker ${brokers}${broker === undefined ? '' : ' (embedded)'}`);
  const children: Child[] = [];
  try {
    await createTopics([], { ...options, brokers });
    children.push(...childrenOf(session.app, options, brokers, say));
    const [worker] = children;
    const unwatch =
      options['watch'] === false
        ? () => undefined
        : watchFolders(foldersOf(options, session), (file) => {
            say(`${file} changed: restarting the worker`);
            worker?.restart();
          });
    await aborted(stop.signal);
    unwatch();
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await session.close();
    await broker?.close();
    stop.release();
  }
}

/** The worker first. Children get the settings that were given as flags; the rest they find where this process did. */
function childrenOf({ commands: declared }: App, options: RawOptions, brokers: string, say: (text: string) => void): Child[] {
  const flags = settingNames
    .filter((name) => name !== 'brokers' && options[name] !== undefined)
    .flatMap((name) => [String(settings[name].flag.split(' ')[0]), String(options[name])]);
  const app = ['-A', String(options.app), '--brokers', brokers];
  const asked = ((options['run'] ?? []) as string[]).map((line) => line.trim().split(/\s+/));
  const own = [...declared.values()].filter(({ name, inDev }) => inDev && !asked.some(([word]) => word === name));
  const commands = [...own.map(({ name }) => [name]), ...asked];
  return [
    new Child('worker', [MAIN, 'worker', ...app, ...flags], say),
    ...commands.map((words) => new Child(String(words[0]), [MAIN, 'run', ...app, ...words], say)),
  ];
}

/** At the address where the other commands look for one; at a free port when that one is taken. */
async function brokerFor({ settings: resolved }: AppSession): Promise<Broker | undefined> {
  const { origins, values } = resolved;
  if (origins.brokers.layer !== 'default') return undefined;
  const port = Number(values.brokers[0]?.split(':')[1]);
  return startBrokerThread({ port }).catch((error: unknown) => {
    if (isStreamerError(error) && error.code === 'CONFIG') return startBrokerThread();
    throw error;
  });
}

function foldersOf(options: RawOptions, session: { readonly app: App; readonly appPath: string }): readonly string[] {
  return Array.isArray(options['watch']) ? (options['watch'] as string[]) : [dirname(session.appPath)];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
