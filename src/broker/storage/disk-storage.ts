import { ConfigError, isStreamerError } from '../../errors.ts';
import { DiskJournal } from '../journal/disk-journal.ts';
import type { DiskEnvironment } from '../log/disk-environment.ts';
import { DiskLog } from '../log/disk-log.ts';
import type { LogRequest, PartitionLog } from '../log/partition-log.ts';
import { TailBudget } from '../log/tail-cache.ts';
import { BackgroundSync } from './background-sync.ts';
import type { BrokerStorage } from './broker-storage.ts';
import { CleanMarker } from './clean-marker.ts';
import { DamagedFolder } from './damage.ts';
import { checkFormat, prepareFolder } from './data-format.ts';
import type { Files } from './files.ts';
import { HandlePool } from './handle-pool.ts';
import { Leftovers, TOPICS } from './leftovers.ts';
import { lockFolder, type OwnerLock } from './owner-lock.ts';
import { describeFailure, storageRefusal } from './storage-failure.ts';

const OPEN_FILES = 256;
const TAIL_BYTES = 64 * 1024 * 1024;
const SYNC_EVERY_MS = 1000;
/** Kafka's is 1 GiB; smaller ones let retention keep closer to its limits. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

export interface DiskOptions {
  readonly folder: string;
  /** `os`: acknowledged when written; a killed process loses nothing, a power cut up to a second. `fsync`: when synced. */
  readonly durability: 'os' | 'fsync';
  /** Goes on with a damaged folder, and gives up what cannot be read of it. */
  readonly salvage?: boolean;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/**
 * Opens a data folder: `FORMAT`, `snapshot` and `journal.log`, `topics/<name>-<partition>/<first offset>.log`, and `clean`
 * between an orderly stop and the next start.
 *
 * @throws ConfigError when the folder is not a broker's, is damaged, of a newer format, or in use
 */
export async function openDiskStorage(options: DiskOptions, files: Files, lock = lockFolder): Promise<BrokerStorage> {
  const { folder } = options;
  let owner: OwnerLock | undefined;
  try {
    prepareFolder(files, folder);
    owner = await lock(folder);
    checkFormat(files, folder);
    return new DiskStorage(options, files, owner);
  } catch (error) {
    await owner?.release();
    if (isStreamerError(error)) throw error;
    throw new ConfigError(`The data folder ${folder} cannot be used: ${describeFailure(error)}`, { cause: error });
  }
}

class DiskStorage implements BrokerStorage {
  readonly journal: DiskJournal;
  readonly topicDefaults = [['segment.bytes', String(SEGMENT_BYTES)]] as const;
  readonly #options: DiskOptions;
  readonly #marker: CleanMarker;
  readonly #owner: OwnerLock;
  readonly #pool: HandlePool;
  readonly #env: DiskEnvironment;
  readonly #background: BackgroundSync;
  readonly #wasClean: boolean;
  #isTrusted = true;
  #isDamaged = false;

  constructor(options: DiskOptions, files: Files, owner: OwnerLock) {
    const { folder, report, salvage = false } = options;
    const syncsFirst = options.durability === 'fsync';
    this.#options = options;
    this.#marker = new CleanMarker(files, folder);
    this.#owner = owner;
    this.#pool = new HandlePool(files, OPEN_FILES);
    const isClean = this.#marker.isThere;
    if (isClean) this.#checkFiles();
    this.journal = new DiskJournal({ folder, pool: this.#pool, syncsFirst, isClean, salvage, report });
    files.makeFolder(`${folder}/${TOPICS}`);
    const leftovers = new Leftovers(files, folder, report);
    leftovers.clear(this.journal.state, isClean && !salvage);
    if (isClean) this.#marker.take();
    this.#wasClean = isClean;
    this.#background = new BackgroundSync(this.journal, SYNC_EVERY_MS, (error) =>
      report('error', `syncing failed: ${describeFailure(error)}`),
    );
    this.#env = {
      folder: `${folder}/${TOPICS}`,
      pool: this.#pool,
      tails: new TailBudget(TAIL_BYTES),
      syncsFirst,
      isClean,
      salvage,
      setAside: (path) => leftovers.copyAside(path),
      journal: this.journal,
      startOf: (topic, partition) => this.state.topics.get(topic)?.starts.get(partition) ?? 0,
      recordStart: (topic, partition, offset) => this.journal.append({ type: 'start', topic, partition, offset }),
      touched: (log) => this.#background.touch(log),
      discard: (path) => leftovers.discard(path),
      distrust: () => {
        this.#isTrusted = false;
      },
      report,
    };
  }

  get state() {
    return this.journal.state;
  }

  openLog(request: LogRequest): PartitionLog {
    try {
      return new DiskLog(this.#env, request);
    } catch (error) {
      if (error instanceof DamagedFolder) {
        this.#isDamaged = true;
        throw error;
      }
      throw storageRefusal(error, `opening ${request.topic}[${request.partition}]`);
    }
  }

  /** The round under way may have begun before what was written last. */
  async sync(): Promise<void> {
    await this.#background.tick();
    await this.#background.tick();
  }

  async close(inOrder: boolean): Promise<void> {
    await this.#background.stop();
    try {
      await this.journal.sync();
      // A folder that was found damaged is as it was: the next start must not take it for one that a crash left.
      if ((inOrder && this.#isTrusted) || (this.#isDamaged && this.#wasClean)) this.#marker.leave();
    } catch (error) {
      this.#options.report('error', `the data folder was not closed in order, and is checked at the next start: ${describeFailure(error)}`);
    }
    this.#pool.close();
    await this.#owner.release();
  }

  /** @throws DamagedFolder when a file is missing, or has another size than at the orderly stop */
  #checkFiles(): void {
    const { salvage, report } = this.#options;
    try {
      const differences = this.#marker.differences();
      const [first] = differences;
      if (first === undefined) return;
      if (!salvage)
        throw new DamagedFolder(first, `gives up what ${differences.length === 1 ? 'it' : `${differences.length} such files`} held`);
      for (const each of differences) report('warn', `${each}: what it held is given up`);
    } catch (error) {
      if (!salvage) throw error;
      report('warn', (error as Error).message);
    }
  }
}
