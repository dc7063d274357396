import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import {
  aFunction,
  type ChecksOf,
  durationMs,
  fields,
  nonEmptyString,
  oneOf,
  problemsIn,
  sentence,
  that,
  truth,
  wholeNumber,
} from '../options/index.ts';

export interface BrokerLimits {
  /** Bytes of one request. @default 104857600 (100 MiB), as Kafka's `socket.request.max.bytes` */
  readonly frameBytes?: number;
  /** Bytes of requests that all connections together may have sent and not had answered. @default 268435456 (256 MiB) */
  readonly requestBytes?: number;
  /** Bytes of answers that all clients together may not have read yet. @default 268435456 (256 MiB) */
  readonly answerBytes?: number;
  /** Open connections of all listeners together; beyond it the connection that was idle longest is closed. @default 1000 */
  readonly connections?: number;
  /** Milliseconds after which a silent connection is closed. @default 600000 (10 minutes) */
  readonly idleMs?: number;
  /** Bytes of one string in a request. @default 32767 */
  readonly stringBytes?: number;
  /** Items of all arrays of one request together. @default 100000 */
  readonly arrayItems?: number;
  /** Partitions of all topics together. @default 10000 */
  readonly partitions?: number;
  /** Consumer groups. @default 10000 */
  readonly groups?: number;
  /** Members of one consumer group. @default 1000 */
  readonly groupMembers?: number;
  /** Transactional ids. @default 10000 */
  readonly transactionalIds?: number;
  /** Shortest session time-out that a member may ask for. @default 6000 */
  readonly minSessionMs?: number;
  /** Longest session time-out that a member may ask for. @default 1800000 */
  readonly maxSessionMs?: number;
  /** Bytes kept of one partition, where its topic does not say otherwise. @default 1073741824 (1 GiB) */
  readonly partitionBytes?: number;
}

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** Node that has it to say. */
  readonly node?: number;
  /** `host:port` of the client concerned. */
  readonly client?: string;
}

export interface BrokerOptions {
  /** Loopback address to listen on; any other is refused. @default '127.0.0.1' */
  readonly host?: string;
  /** First port, node `i` listens on `port + i`; 0 takes free ports. @default 0 */
  readonly port?: number;
  /** Listeners with node ids of their own, in one process. @default 1 */
  readonly nodes?: number;
  /** Make a topic when a client asks about one that is not there. @default false */
  readonly autoCreateTopics?: boolean;
  /** Partitions of a topic whose maker does not say. @default 1 */
  readonly defaultPartitions?: number;
  /**
   * Folder to keep topics, records and group offsets in, made when it is absent; one broker at a time may use it. Without
   * one everything lives in memory and ends with the broker.
   */
  readonly data?: string;
  /**
   * When a record counts as kept, with `data`. `os`: when it is written, so that a killed process loses nothing; the disk
   * is synced every second. `fsync`: when it is synced, so that a power cut loses nothing.
   *
   * @default 'os'
   */
  readonly durability?: 'os' | 'fsync';
  /**
   * Goes on with a damaged data folder, and gives up what cannot be read of it; what is given up is kept aside in the folder
   * and named in the log.
   *
   * @default false, which refuses to start
   */
  readonly salvage?: boolean;
  /**
   * `manual`: time stands still for session and rebalance time-outs, transactions, arrival times, retention and compaction, until
   * `broker.advance(ms)`. How long a fetch waits for records, and what faults delay, goes by the real clock.
   *
   * @default 'system'
   */
  readonly clock?: 'system' | 'manual';
  readonly limits?: BrokerLimits;
  /** Called for each line of the broker's log; it must not throw. */
  readonly onLog?: (entry: LogEntry) => void;
}

export type Limits = Required<BrokerLimits>;

export interface Settings extends Required<Omit<BrokerOptions, 'limits' | 'onLog' | 'data'>> {
  /** Absolute; undefined for memory. */
  readonly data: string | undefined;
  readonly limits: Limits;
  readonly log: (entry: LogEntry) => void;
}

const LIMITS: Limits = {
  frameBytes: 104_857_600,
  requestBytes: 268_435_456,
  answerBytes: 268_435_456,
  connections: 1000,
  idleMs: 600_000,
  stringBytes: 32_767,
  arrayItems: 100_000,
  partitions: 10_000,
  groups: 10_000,
  groupMembers: 1000,
  transactionalIds: 10_000,
  minSessionMs: 6000,
  maxSessionMs: 1_800_000,
  partitionBytes: 1_073_741_824,
};

const CHECKS: ChecksOf<BrokerOptions> = {
  host: that('a loopback address (127.0.0.1, ::1 or localhost): the embedded broker has no security', isLoopback),
  port: wholeNumber(0, 65_535),
  nodes: wholeNumber(1, 100),
  autoCreateTopics: truth,
  defaultPartitions: wholeNumber(1),
  data: that('a folder', nonEmptyString.fits),
  durability: oneOf(['os', 'fsync']),
  clock: oneOf(['system', 'manual']),
  salvage: truth,
  limits: fields({
    frameBytes: wholeNumber(1),
    requestBytes: wholeNumber(1),
    answerBytes: wholeNumber(1),
    connections: wholeNumber(1),
    idleMs: durationMs(1),
    stringBytes: wholeNumber(1),
    arrayItems: wholeNumber(1),
    partitions: wholeNumber(1),
    groups: wholeNumber(1),
    groupMembers: wholeNumber(1),
    transactionalIds: wholeNumber(1),
    minSessionMs: durationMs(1),
    maxSessionMs: durationMs(1),
    partitionBytes: wholeNumber(1),
  } satisfies ChecksOf<BrokerLimits>),
  onLog: aFunction,
};

/** @throws ConfigError that lists every option that cannot be used */
export function resolveOptions(options: BrokerOptions): Settings {
  const problems = problemsIn(options, CHECKS);
  const { host = '127.0.0.1', port = 0, nodes = 1, autoCreateTopics = false, defaultPartitions = 1 } = options;
  const { durability = 'os', clock = 'system', salvage = false, onLog = () => {} } = options;
  const limits = { ...LIMITS, ...options.limits };
  if (problems.length === 0) problems.push(...problemsBetween(options, limits));
  if (problems.length > 0) throw new ConfigError(problems);
  const data = options.data === undefined ? undefined : resolve(options.data);
  return { host, port, nodes, autoCreateTopics, defaultPartitions, data, durability, clock, salvage, limits, log: onLog };
}

/** Of options that are right each, but not together. */
function problemsBetween({ port = 0, nodes = 1, defaultPartitions = 1, data, durability }: BrokerOptions, limits: Limits): string[] {
  const problems: string[] = [];
  if (port !== 0 && port + nodes - 1 > 65_535) problems.push(`port: ${nodes} nodes from port ${port} on would end beyond 65535`);
  if (defaultPartitions > limits.partitions) {
    problems.push(sentence('defaultPartitions', `a number up to limits.partitions, ${limits.partitions}`, defaultPartitions));
  }
  if (limits.requestBytes < limits.frameBytes)
    problems.push(sentence('limits.requestBytes', `at least limits.frameBytes, ${limits.frameBytes}`, limits.requestBytes));
  if (data === undefined && durability !== undefined) problems.push('durability: without `data` everything is in memory');
  return problems;
}

function isLoopback(host: unknown): boolean {
  if (typeof host !== 'string') return false;
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
