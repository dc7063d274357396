import type { RecordHeaders } from '../kafka/index.ts';
import { type ChecksOf, durationMs, oneOf, problemsIn, refuse, sentence, that, wholeNumber } from '../options/index.ts';
import type { StateKeyedBy, View } from '../tables/index.ts';
import type { Encoded, Event, Readable, Topic } from '../topics/index.ts';
import type { Behaviour } from './behaviour.ts';
import { aPolicy, defaultPolicy, type FailurePolicy } from './failure/index.ts';

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
) => SinkTopic<K, Out> | ReadonlyArray<SinkTopic<K, Out>> | null | undefined | void | PromiseLike<unknown>;

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
  /** Tables that this agent writes, and may read. A table is written by one agent. */
  readonly tables?: ReadonlyArray<StateKeyedBy<K>> | undefined;
  /** Tables that it only reads; another agent writes them. Their topics and this agent's need the same number of partitions. */
  readonly reads?: readonly View[] | undefined;
  /**
   * The name that it had before, for an agent of a topic with tables: what it had finished ahead of the group's offset is noted under
   * that name. Can be removed once a worker has committed under the new one.
   */
  readonly renamedFrom?: string | undefined;
}

/** A topic that an agent's outputs go to, types erased. */
export interface AgentSinkTopic {
  readonly name: string;
  encode(message: AgentMessage): Encoded | Promise<Encoded>;
}

interface AgentMessage {
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp: number;
  readonly headers: RecordHeaders | undefined;
}

export type AgentSinkFunction = (value: unknown, event: Event<unknown, unknown>) => unknown;
export type AgentSink = AgentSinkTopic | AgentSinkFunction;

export function isSinkTopic(value: unknown): value is AgentSinkTopic {
  return isObject(value) && typeof value['encode'] === 'function';
}

/** An agent as the runtime sees it, types erased. */
export interface Agent {
  readonly name: string;
  readonly sources: ReadonlyArray<Readable<unknown, unknown>>;
  readonly behaviour: Behaviour<unknown, unknown, unknown>;
  readonly sinks: readonly AgentSink[];
  readonly concurrency: number;
  readonly order: Order;
  readonly onError: FailurePolicy;
  /** 0 = none */
  readonly timeoutMs: number;
  /** Tables that it writes. */
  readonly tables: readonly AgentTable[];
  /** Tables that it only reads. */
  readonly reads: readonly AgentTable[];
  readonly renamedFrom: string | undefined;
}

/** A table that an agent names, types erased. */
export interface AgentTable {
  readonly name: string;
}

/** Letters, digits and what Kafka allows in names. */
const NAME = /^[a-zA-Z0-9._-]{1,100}$/;
const ORDERS: readonly Order[] = ['key', 'partition', 'none'];

const aSource = that('a topic, several, or a pattern', (source) => isObject(source) && isObject(source['serdes']));
const aBehaviour = that(
  'a generator function, or a behaviour, as each(...)',
  (behaviour) => isObject(behaviour) && typeof behaviour['open'] === 'function',
);
const aName = that('1 to 100 letters, digits, ".", "_" or "-"', (name) => typeof name === 'string' && NAME.test(name));
const tables = that('a list of tables', isListOfTables);
const sinks = that('a topic, a function, or several', (to) => (Array.isArray(to) ? to : [to]).every(isSink));

/** Checks the options where they are given, and erases the types. */
export function defineAgent<K, V, Out>(
  name: string,
  sources: ReadonlyArray<Readable<K, V>>,
  behaviour: Behaviour<K, V, Out>,
  options: AgentOptions<K, V, Out>,
): Agent {
  refuse(`agent "${name}"`, [
    ...(aName.fits(name) ? [] : [sentence('name', aName.expected, name)]),
    ...(sources.length === 0 ? ['it has no source'] : []),
    ...sources.flatMap((source) => (aSource.fits(source) ? [] : [sentence('source', aSource.expected, source)])),
    ...(aBehaviour.fits(behaviour) ? [] : [sentence('behaviour', aBehaviour.expected, behaviour)]),
    ...problemsIn(options, CHECKS),
  ]);
  return erased(name, sources, behaviour, options);
}

const CHECKS: ChecksOf<AgentOptions<unknown, unknown, unknown>> = {
  to: sinks,
  concurrency: wholeNumber(1),
  order: oneOf(ORDERS),
  onError: aPolicy,
  timeoutMs: durationMs(0),
  tables,
  reads: tables,
  renamedFrom: aName,
};

/** Where the types of an agent end: the runtime gives each behaviour and sink only the values of its own topics. */
function erased<K, V, Out>(
  name: string,
  sources: ReadonlyArray<Readable<K, V>>,
  behaviour: Behaviour<K, V, Out>,
  {
    to,
    concurrency = 1,
    order = 'key',
    onError = defaultPolicy,
    timeoutMs = 0,
    tables = [],
    reads = [],
    renamedFrom,
  }: AgentOptions<K, V, Out>,
): Agent {
  const sinks = to === undefined ? [] : Array.isArray(to) ? to : [to];
  return { name, sources, behaviour, sinks, concurrency, order, onError, timeoutMs, tables, reads, renamedFrom } as unknown as Agent;
}

function isSink(sink: unknown): boolean {
  return typeof sink === 'function' || isSinkTopic(sink);
}

function isListOfTables(value: unknown): boolean {
  return Array.isArray(value) && value.every((table) => isObject(table) && table['~reads'] === true);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
