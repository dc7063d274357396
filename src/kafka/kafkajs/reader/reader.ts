import { KafkaError } from '../../../errors.ts';
import { backoff, sleep, within } from '../../../timing/index.ts';
import { ErrorCode, errorName } from '../../../wire/error-code.ts';
import type { FetchedSlice, KafkaClientOptions, KafkaReader, ReaderOptions, ReadRange } from '../../client.ts';
import { partitionKey } from '../../partitions.ts';
import { explainRefusal } from '../authorization.ts';
import { type Broker, type Cluster, createCluster } from '../cluster.ts';
import { codeError, codeOf, toKafkaError, wrapped } from '../errors.ts';
import { brokerOf, isElsewhere } from '../leaders.ts';
import { readRanges } from '../log-offsets.ts';
import { type FetchSettings, fetchRanges } from './fetch-request.ts';
import { LeaderTable } from './leader-table.ts';
import type { RangeReading } from './range-reading.ts';
import { Reading } from './reading.ts';

/** So often in a row a partition may be said not to exist: a new one is not known to every broker at once. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const CLOSE_MS = 3_000;

export async function openReader(client: KafkaClientOptions, options: ReaderOptions = {}): Promise<KafkaReader> {
  const cluster = createCluster(client);
  await wrapped('connecting', () => cluster.connect()).catch(async (error: unknown) => {
    await cluster.disconnect().catch(() => {});
    throw error;
  });
  return new Reader(cluster, client, options);
}

/** One fetch at a time goes to each broker, for all ranges that want records of it. */
class Reader implements KafkaReader {
  readonly #cluster: Cluster;
  readonly #client: KafkaClientOptions;
  readonly #settings: FetchSettings;
  readonly #onFailure: (error: KafkaError) => void;
  readonly #leaders: LeaderTable;
  readonly #readings = new Set<Reading>();
  readonly #fetches = new Map<number, Promise<void>>();
  readonly #closed = new AbortController();
  #isLocating = false;

  constructor(cluster: Cluster, client: KafkaClientOptions, options: ReaderOptions) {
    this.#cluster = cluster;
    this.#client = client;
    const { isolation = 'committed', maxWaitMs = 250, maxBytesPerPartition = 1_048_576, onFailure = () => {} } = options;
    this.#settings = { isolation, maxWaitMs, maxBytesPerPartition, maxBatchBytes: client.maxBatchBytes };
    this.#onFailure = onFailure;
    this.#leaders = new LeaderTable(cluster);
  }

  async *read(ranges: readonly ReadRange[], signal?: AbortSignal): AsyncGenerator<FetchedSlice, void, undefined> {
    const reading = new Reading(ranges);
    const end = () => reading.end();
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted || this.#closed.signal.aborted) end();
    this.#readings.add(reading);
    this.#fetchMore();
    try {
      for (let slice = await reading.next(); slice !== undefined; slice = await reading.next()) {
        this.#fetchMore();
        yield slice;
      }
    } finally {
      signal?.removeEventListener('abort', end);
      end();
      this.#readings.delete(reading);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    for (const reading of this.#readings) reading.end();
    await within(
      this.#cluster.disconnect().catch(() => {}),
      CLOSE_MS,
    );
  }

  /** Starts a fetch for every broker that has none under way and leads a range that wants records. */
  #fetchMore(): void {
    if (this.#closed.signal.aborted) return;
    const lost: RangeReading[] = [];
    const wanted = new Map<number, RangeReading[]>();
    for (const { ranges } of this.#readings) {
      for (const range of ranges) {
        if (range.state !== 'idle') continue;
        const leader = this.#leaders.of(range.tp);
        if (leader === undefined) lost.push(range);
        else if (!this.#fetches.has(leader)) wanted.set(leader, [...(wanted.get(leader) ?? []), range]);
      }
    }
    if (lost.length > 0 && !this.#isLocating) void this.#locate(lost);
    for (const [leader, ranges] of wanted) this.#fetches.set(leader, this.#fetch(leader, together(ranges)));
  }

  async #fetch(leader: number, ranges: readonly RangeReading[]): Promise<void> {
    for (const range of ranges) range.state = 'busy';
    let broker: Broker | undefined;
    try {
      broker = await brokerOf(
        this.#cluster,
        leader,
        ranges.map(({ tp }) => tp),
      );
      await fetchRanges(broker, ranges, this.#settings, (range, errorCode) => this.#refused(leader, range, errorCode));
    } catch (error) {
      // The connection may be of no use any more: the next fetch opens another.
      await within(broker?.disconnect().catch(() => {}) ?? Promise.resolve(), CLOSE_MS);
      for (const range of ranges) if (range.state === 'busy') this.#missed(range, error);
    } finally {
      this.#fetches.delete(leader);
      this.#fetchMore();
    }
  }

  async #locate(ranges: readonly RangeReading[]): Promise<void> {
    this.#isLocating = true;
    for (const range of ranges) range.state = 'busy';
    try {
      const missing = await this.#leaders.find(ranges.map(({ tp }) => tp));
      for (const range of ranges) {
        const code = missing.get(range.tp);
        if (code === undefined) this.#release(range);
        else this.#missed(range, codeError(code, 'looking for the leaders of partitions', range.tp));
      }
    } catch (error) {
      for (const range of ranges) this.#missed(range, error);
    } finally {
      this.#isLocating = false;
      this.#fetchMore();
    }
  }

  #refused(leader: number, range: RangeReading, errorCode: number): void {
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) void this.#find(leader, range);
    else this.#missed(range, codeError(errorName(errorCode), 'reading records', range.tp));
  }

  /** The log does not hold the position: it starts above it, or ends below it. */
  async #find(leader: number, range: RangeReading): Promise<void> {
    const { position, tp } = range;
    try {
      const [log] = await readRanges(this.#cluster, [tp], 'uncommitted', () => leader);
      if (log !== undefined && position < log.earliest) range.skipTo(log.earliest);
      else if (log !== undefined && position > log.latest) range.fail(beyondEnd(range, log.latest));
      else this.#missed(range, codeError('OFFSET_OUT_OF_RANGE', 'reading records', { ...tp, offset: position }));
    } catch (error) {
      this.#missed(range, error);
    }
    this.#fetchMore();
  }

  /** Tries a range again after a pause, or gives it up. */
  #missed(range: RangeReading, cause: unknown): void {
    if (range.state === 'done' || this.#closed.signal.aborted) return;
    const { topic } = range.tp;
    const refusal = { operation: 'Read', topics: [topic] } as const;
    const error = explainRefusal(toKafkaError(cause, 'reading records', range.tp), this.#client, refusal);
    this.#leaders.forget(range.tp);
    range.failures++;
    const isPassing = error.reason === 'retry' || (isElsewhere(codeOf(error)) && range.failures < ATTEMPTS);
    if (!isPassing) return range.fail(error);
    this.#onFailure(error);
    void this.#rest(range);
  }

  async #rest(range: RangeReading): Promise<void> {
    await sleep(backoff(range.failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), this.#closed.signal);
    this.#release(range);
    this.#fetchMore();
  }

  #release(range: RangeReading): void {
    if (range.state === 'busy') range.state = 'idle';
  }
}

/** One fetch names a partition once; a range that may stand before a gap is asked for alone. */
function together(ranges: readonly RangeReading[]): RangeReading[] {
  const doubtful = ranges.find(({ gapUntil }) => gapUntil !== undefined);
  if (doubtful !== undefined) return [doubtful];
  return [...new Map(ranges.map((range) => [partitionKey(range.tp), range])).values()];
}

function beyondEnd({ tp, position }: RangeReading, end: number): KafkaError {
  return new KafkaError('fatal', `offset ${position} lies beyond the end of the log, ${end}`, {
    ...tp,
    offset: position,
    kafkaCode: 'OFFSET_OUT_OF_RANGE',
    next: 'Was the topic deleted and created again?',
  });
}
