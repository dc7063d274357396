import { ConfigError } from '../errors.ts';
import type { Event, Readable, Topic } from '../topics/index.ts';
import type { Behaviour } from './behaviour.ts';
import { defaultPolicy, type FailurePolicy } from './failure-policy.ts';

/** `key`: events of one key one after the other. `partition`: all events of a partition so. `none`: as they come. */
export type Order = 'key' | 'partition' | 'none';

/** A topic that accepts these keys and values. */
export type SinkTopic<K, Out> = Topic<unknown, unknown, K, Out>;

/**
 * Decides for each output: a topic (or several) to send it to, or nothing when the function has dealt with it itself.
 * A promise is awaited before the event counts as finished.
 */
export type SinkFunction<K, V, Out> = (
  value: Out,
  event: Event<K, V>,
) => SinkTopic<K, Out> | ReadonlyArray<SinkTopic<K, Out>> | null | undefined | void | Promise<unknown>;

export type Sink<K, V, Out> = SinkTopic<K, Out> | SinkFunction<K, V, Out>;

export interface AgentOptions<K, V, Out> {
  /** Where outputs go: a topic, several, a function of the output and its event. Key, timestamp and headers are kept. */
  readonly to?: Sink<K, V, Out> | ReadonlyArray<Sink<K, V, Out>> | undefined;
  /** Lanes per assigned partition. @default 1 */
  readonly concurrency?: number | undefined;
  /** @default 'key' */
  readonly order?: Order | undefined;
  /** @default retry({ attempts: 5 }).otherwise(deadLetter()) */
  readonly onError?: FailurePolicy | undefined;
  /** Longest time for one event; past it the event fails with `TIMEOUT` and its signal is aborted. @default none */
  readonly timeoutMs?: number | undefined;
}

/** An agent as the runtime sees it, types erased. */
export interface Agent {
  readonly name: string;
  readonly sources: ReadonlyArray<Readable<unknown, unknown>>;
  readonly behaviour: Behaviour<unknown, unknown, unknown>;
  readonly sinks: ReadonlyArray<Sink<unknown, unknown, unknown>>;
  readonly concurrency: number;
  readonly order: Order;
  readonly onError: FailurePolicy;
  /** 0 = none */
  readonly timeoutMs: number;
}

const ORDERS: readonly string[] = ['key', 'partition', 'none'];

/** Checks the options where they are given, and erases the types. */
export function defineAgent<K, V, Out>(
  name: string,
  sources: ReadonlyArray<Readable<K, V>>,
  behaviour: Behaviour<K, V, Out>,
  options: AgentOptions<K, V, Out>,
): Agent {
  const { to, concurrency = 1, order = 'key', onError = defaultPolicy, timeoutMs = 0, ...unknown } = options;
  const problems: string[] = [];
  if (!/^[a-zA-Z0-9._-]{1,100}$/.test(name)) problems.push('its name must be 1 to 100 letters, digits, ".", "_" or "-"');
  if (sources.length === 0) problems.push('it has no source');
  if (sources.some((source) => source?.serdes === undefined)) problems.push('its source must be a topic, several, or a pattern');
  if (typeof behaviour?.open !== 'function') problems.push('what it does must be a generator function, or a behaviour as each(...)');
  if (!Number.isInteger(concurrency) || concurrency < 1)
    problems.push(`concurrency must be a whole number of at least 1, got ${String(concurrency)}`);
  if (!ORDERS.includes(order)) problems.push(`order must be one of ${ORDERS.join(', ')}, got ${String(order)}`);
  if (typeof onError?.decide !== 'function') problems.push('onError must be a failure policy, as retry({ attempts: 5 })');
  if (!(timeoutMs >= 0)) problems.push(`timeoutMs must be at least 0, got ${String(timeoutMs)}`);
  for (const option of Object.keys(unknown)) problems.push(`unknown option "${option}"`);
  const sinks = to === undefined ? [] : Array.isArray(to) ? to : [to];
  if (sinks.some((sink) => typeof sink !== 'function' && typeof sink?.encode !== 'function'))
    problems.push('`to` must be a topic, a function, or several');
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `agent "${name}": ${problem}`));
  return { name, sources, behaviour, sinks, concurrency, order, onError, timeoutMs } as unknown as Agent;
}
