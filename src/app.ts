import { type Agent, type AgentOptions, type Behaviour, defineAgent, generator, type StreamFunction } from './agents/index.ts';
import type { AppOptions, StartOptions } from './app/app-options.ts';
import type { AppCommand, InDev } from './app/command.ts';
import { declareTable } from './app/declare-table.ts';
import { throughTopic } from './app/regroup.ts';
import { type Encode, Sending, type SentTo } from './app/sending.ts';
import { SharedConnection } from './app/shared-connection.ts';
import { askedUnderTest, testInsteadOf } from './app/under-test.ts';
import { logWorker } from './app/worker-log.ts';
import { type Layers, type ResolvedSettings, resolveSettings, type SettingsInput } from './config/index.ts';
import type { Source } from './connect/index.ts';
import { ConfigError, StreamerError } from './errors.ts';
import type { KafkaClient } from './kafka/index.ts';
import {
  type AgentRef,
  type AppTopicSpec,
  agentRef,
  type CoPartitioned,
  Graph,
  prepareSerdes,
  problemsOf,
  Worker,
} from './runtime/index.ts';
import type { AnySerde, Declared, DeclaredTable, Schema, TableOptions } from './tables/index.ts';
import {
  type AnySerdes,
  type AnyTopic,
  bytes,
  type KeyOut,
  type NoOptions,
  optional,
  type Readable,
  type SendOptions,
  type SendResult,
  Topic,
  type TopicHost,
  type TopicOf,
  type TopicOptions,
  TopicPattern,
  type ValueOut,
} from './topics/index.ts';

export type { AppOptions, StartOptions } from './app/app-options.ts';

const BRAND = Symbol.for('streamerjs.app');
/** For what was sent while the worker stopped. */
const FLUSH_MS = 500;

/**
 * What a developer declares: topics, agents, commands. Making one connects nothing; `start` validates all of it first and
 * reports every problem together.
 */
export class App implements TopicHost {
  readonly [BRAND] = true;
  readonly id: string;
  readonly version: string;
  readonly #logging: boolean;
  readonly #code: SettingsInput;
  readonly #graph: Graph;
  readonly #commands = new Map<string, AppCommand>();
  readonly #connection = new SharedConnection(() => ({
    appId: this.id,
    settings: this.settings.values,
    compressionOf: (topic) => this.topics.get(topic)?.compression,
    onTrouble: (error) => this.#worker?.warning(error),
  }));
  readonly #sending = new Sending(() => this.#connection.get());
  #layers: Omit<Layers, 'code'> = { env: process.env };
  #settings: ResolvedSettings | undefined;
  #worker: Worker | undefined;

  constructor(options: AppOptions) {
    const { id, version = '0.0.0', logging = true, ...code } = options;
    if (!/^[a-zA-Z0-9._-]{1,100}$/.test(id)) {
      throw new ConfigError(`app id ${JSON.stringify(id)} is not allowed: 1 to 100 letters, digits, ".", "_" or "-"`);
    }
    this.id = id;
    this.#graph = new Graph(id);
    this.version = version;
    this.#logging = logging;
    this.#code = code;
  }

  get topics(): ReadonlyMap<string, AnyTopic> {
    return this.#graph.topics;
  }

  get agents(): ReadonlyMap<string, Agent> {
    return this.#graph.agents;
  }

  get tables(): ReadonlyMap<string, DeclaredTable> {
    return this.#graph.tables;
  }

  get sources(): ReadonlyMap<string, Source> {
    return this.#graph.sources;
  }

  /** Topics whose partitions of the same number one task works on. */
  get coPartitioned(): readonly CoPartitioned[] {
    return this.#graph.coPartitioned;
  }

  get commands(): ReadonlyMap<string, AppCommand> {
    return this.#commands;
  }

  /** Settings as they stand: default < code < file < environment < flag. @throws ConfigError */
  get settings(): ResolvedSettings {
    this.#settings ??= resolveSettings({ ...this.#layers, code: this.#code });
    return this.#settings;
  }

  /** Sets the layers above the code; for what runs an app. Takes effect on what is started afterwards. */
  configure(layers: Omit<Layers, 'code'>): ResolvedSettings {
    this.#layers = { env: process.env, ...layers };
    this.#settings = undefined;
    return this.settings;
  }

  /**
   * Declares a topic. Without `key`, keys are bytes and may be missing; without `value`, values are bytes. A regular
   * expression stands for all topics whose name matches: it can be read, not sent to.
   */
  topic<const O extends AnySerdes & TopicOptions = NoOptions>(name: string, options?: O): TopicOf<O>;
  topic<const O extends AnySerdes & Pick<TopicOptions, 'tombstones'> = NoOptions>(
    name: RegExp,
    options?: O,
  ): TopicPattern<KeyOut<O>, ValueOut<O>>;
  topic(name: string | RegExp, options: AnySerdes & TopicOptions = {}): AnyTopic | TopicPattern<unknown, unknown> {
    const serdes = { key: options.key ?? optional(bytes()), value: options.value ?? bytes() };
    if (typeof name !== 'string') return new TopicPattern(name, serdes, options);
    const topic = new Topic(this, name, serdes, options);
    this.#graph.add(this.#graph.topics, 'topic', name, topic);
    return topic;
  }

  /**
   * Declares an agent: a source, what it does, and where its outputs go.
   *
   * @param source a topic, several, a pattern, or the events of a topic under another key (`groupBy`)
   * @param behaviour an async generator (or async function) over the stream, or `each`, `filter`, `forward`, `inference` ...
   */
  agent<K, V, KIn, VIn, Output = never>(
    name: string,
    source: Readable<K, V, KIn, VIn> | ReadonlyArray<Readable<K, V, KIn, VIn>>,
    behaviour: StreamFunction<K, V, Output> | Behaviour<K, V, Output>,
    options: AgentOptions<K, V, NoInfer<Output>> = {},
  ): AgentRef<KIn, VIn, Output> {
    const run = typeof behaviour === 'function' ? generator(behaviour) : behaviour;
    const { tables = [] } = options;
    this.#checkNotStarted(`agent "${name}"`);
    const sources = (isList(source) ? source : [source]).map((each) => throughTopic(this, this.#graph, { name, tables }, each));
    const agent = defineAgent<K, V, Output>(name, sources, run, options);
    this.#graph.add(this.#graph.agents, 'agent', name, agent);
    return agentRef(agent, {
      replies: async () => {
        const test = testInsteadOf(this);
        if (test !== undefined) throw askedUnderTest(name, test.id, this.id);
        return (await this.#connection.get()).replies;
      },
      send: (topic, encode, limits) => this.send(topic, encode, limits),
      sendOutside: (topic, encode, limits) => this.#sending.sendOutside(topic, encode, limits),
    });
  }

  /**
   * Declares a table: state by key that agents keep, and that survives restarts in a changelog topic. Name it in the `tables` of the
   * agent that writes it, and in the `reads` of those that only read.
   *
   * @param options serdes of keys and values, which must answer at once
   */
  table<KS extends AnySerde | Schema, VS extends AnySerde | Schema, Ordered extends boolean = false, SK = never>(
    name: string,
    options: TableOptions<KS, VS, Ordered, SK>,
  ): Declared<KS, VS, Ordered, SK> {
    this.#checkNotStarted(`table "${name}"`);
    const table = declareTable(this.id, name, options);
    this.#graph.add(this.#graph.tables, 'table', name, table);
    return table;
  }

  /**
   * Declares a source: it brings records from elsewhere into topics, run by the worker beside the agents. Every worker of the app
   * runs it; a source that must have one reader sees to that itself. Its topics are the app's, unless the app declares them.
   */
  source<S extends Source>(name: string, source: S): S {
    this.#checkNotStarted(`source "${name}"`);
    this.#graph.add(this.#graph.sources, 'source', name, source);
    return source;
  }

  /**
   * Declares a command of the app, run by `streamer run -A <app> <name>`.
   *
   * @param configure adds options to a commander `Command`
   * @param options `inDev`: `streamer dev` runs it, beside the worker or before it. @default false
   */
  command(
    name: string,
    configure: AppCommand['configure'],
    action: AppCommand['action'],
    about = '',
    { inDev = false }: { readonly inDev?: InDev | undefined } = {},
  ): void {
    this.#graph.add(this.#commands, 'command', name, { name, about, configure, action, inDev });
  }

  /** All topics that the app needs; those of patterns come from elsewhere. Dead-letter topics hold 2 MiB a record. */
  topicSpecs(): AppTopicSpec[] {
    return this.#graph.topicSpecs();
  }

  /**
   * @param use what for: an app without agents cannot be run, but its topics can be made
   * @throws ConfigError with every problem of the declared graph and the settings
   */
  validate(use: 'run' | 'topics' = 'run'): void {
    const problems = [...problemsOf(() => this.settings), ...this.#graph.problems(use)];
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** The app's Kafka client, connected on first use. */
  async client(): Promise<KafkaClient> {
    return (await this.#connection.get()).client;
  }

  /** Joins the app's consumer group and runs its agents; resolves with the first assignment. */
  async start({ logging = this.#logging }: StartOptions = {}): Promise<Worker> {
    if (this.#worker !== undefined) throw new StreamerError('USAGE', `app "${this.id}" is started already`);
    this.validate();
    const agents = [...this.agents.values()];
    await prepareSerdes(agents, this.topics.values(), this.tables.values());
    const { client, admin, renewAdmin, outputs, direct } = await this.#connection.get();
    this.#worker = new Worker({
      appId: this.id,
      agents,
      tables: this.tables,
      settings: this.settings.values,
      client,
      admin,
      renewAdmin,
      outputs,
      direct,
      sources: this.sources,
      requiredTopics: this.topicSpecs(),
      coPartitioned: this.#graph.coPartitioned,
      sameCounts: this.#graph.sameCounts,
    });
    if (logging) logWorker(this.#worker);
    try {
      await this.#worker.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this.#worker;
  }

  /** Stops the worker, sends what is still waiting to be sent, closes all connections. Idempotent. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined && worker.state !== 'stopped' && worker.state !== 'failed') await worker.stop().catch(() => {});
    const { drainTimeoutMs } = this.settings.values;
    // A worker that has stopped has sent what there was to send.
    await this.#connection.close(drainTimeoutMs, worker === undefined ? drainTimeoutMs : FLUSH_MS);
  }

  /** For topics: sends on behalf of the event in flight, if there is one. */
  send(topic: SentTo, encode: Encode, options: SendOptions = {}): Promise<SendResult> {
    return testInsteadOf(this)?.send(topic, encode, options) ?? this.#sending.send(topic, encode, options);
  }

  /** A running worker would not notice what is declared now. */
  #checkNotStarted(what: string): void {
    if (this.#worker === undefined) return;
    throw new StreamerError('USAGE', `${what} was declared after app "${this.id}" had started`, { next: 'Declare it before app.start().' });
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** Recognises an app by its brand, so that two copies of the package understand each other. */
export function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && BRAND in value;
}
