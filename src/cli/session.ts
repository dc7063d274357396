import type { App } from '../app.ts';
import { type ConfigFile, findConfigFile, type Layers, type ResolvedSettings, resolveSettings, securityOf } from '../config/index.ts';
import type { KafkaAdmin, KafkaClient } from '../kafka/index.ts';
import { configureLogging } from '../observe/index.ts';
import { loadApp } from './app-loader.ts';
import { awaitBroker } from './broker-probe.ts';
import { announcedBroker } from './dev/address.ts';
import { flagsOf, type RawOptions } from './options.ts';
import { type Output, outputOf } from './output.ts';
import { terminal } from './terminal.ts';

/** What a command works with: settings from all layers, the app if there is one, and a connection that is opened on first use. */
export interface Session {
  readonly output: Output;
  readonly settings: ResolvedSettings;
  /** The app of `-A`. Undefined only for commands that work without one. */
  readonly app: App | undefined;
  /** Path of the app's file. */
  readonly appPath: string | undefined;
  /** Path of the configuration file. */
  readonly configPath: string | undefined;
  /** @throws CommandError (exit 2) when no broker answers */
  client(): Promise<KafkaClient>;
  admin(): Promise<KafkaAdmin>;
  close(): Promise<void>;
}

export interface AppSession extends Session {
  readonly app: App;
  readonly appPath: string;
}

/** Opens a session for a command that needs an app: the one of `-A`, or the project's only one. */
export async function openAppSession(options: RawOptions): Promise<AppSession> {
  const config = await findConfigFile();
  const { app, path } = await loadApp(options.app, config);
  const settings = app.configure(layersOf(config, options));
  return { ...(await sessionOf(options, settings, app, config?.path)), app, appPath: path };
}

/** Opens a session for a command that uses an app only if `-A` names one. */
export async function openSession(options: RawOptions): Promise<Session> {
  if (options.app !== undefined) return openAppSession(options);
  const config = await findConfigFile();
  const settings = resolveSettings(layersOf(config, options));
  return sessionOf(options, settings, undefined, config?.path);
}

/** Opens a session for a command that works on the things named, or on those of an app: it needs an app when nothing is named. */
export async function openSessionFor(names: readonly string[], options: RawOptions): Promise<Session> {
  return names.length === 0 ? openAppSession(options) : openSession(options);
}

function layersOf(file: ConfigFile | undefined, options: RawOptions): Layers {
  const address = announcedBroker();
  const dev = address === undefined ? undefined : { brokers: [address] };
  return { dev, file, env: process.env, flags: flagsOf(options) };
}

async function sessionOf(
  options: RawOptions,
  settings: ResolvedSettings,
  app: App | undefined,
  configPath: string | undefined,
): Promise<Session> {
  const json = options.json === true;
  startLogging(settings, json);
  let connected: Promise<KafkaClient> | undefined;
  const client = () => (connected ??= connect(settings, app));
  return {
    output: outputOf(json),
    settings,
    app,
    appPath: undefined,
    configPath,
    client,
    admin: async () => (await client()).admin(),
    async close() {
      await app?.stop();
      const open = await connected?.catch(() => undefined);
      await open?.close();
    },
  };
}

function startLogging(settings: ResolvedSettings, json: boolean): void {
  const format = json ? 'json' : process.stderr.isTTY ? 'pretty' : 'plain';
  configureLogging({ level: settings.values.logLevel, format, write: (line) => terminal.write(process.stderr, line) });
}

async function connect(settings: ResolvedSettings, app: App | undefined): Promise<KafkaClient> {
  await awaitBroker(settings);
  if (app !== undefined) return app.client();
  const { kafkajs } = await import('../kafka/index.ts');
  const { brokers, compression, maxBatchBytes } = settings.values;
  const security = securityOf(settings.values);
  const client = kafkajs({ clientId: 'streamer-cli', brokers, compression: () => compression, maxBatchBytes, ...security });
  await client.connect();
  return client;
}
