import { messageOf } from '../../errors.ts';
import { libraryLog } from '../../observe/index.ts';
import { aFunction, type ChecksOf, checkOptions, durationMs, that, wholeNumber } from '../../options/index.ts';
import { versionOf } from '../file/version.ts';
import type { Model, PredictOptions } from '../model.ts';
import { isRecord } from '../record.ts';
import { Loaded } from './loaded.ts';
import { type WatchedSource, watchedSource } from './source.ts';

const log = libraryLog('models');

export interface ReloadOptions {
  /** Time between two looks at the file or URL, in milliseconds; 0: only `reload()` looks. @default 2_000 */
  readonly pollMs?: number | undefined;
  /** Sent with requests to a URL, as `{ authorization: 'Bearer ...' }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Longest download from a URL, unpacked; a longer one is not used. @default 1 GiB */
  readonly maxBytes?: number | undefined;
  /** Called when another version has taken over. */
  readonly onSwap?: ((version: string, before: string) => void) | undefined;
  /** Called when a new content cannot be used, once for each reason; the model before stays. @default logs a warning */
  readonly onFailure?: ((error: Error) => void) | undefined;
}

export interface ReloadingModel<Row, Answer> extends Model<Row, Answer> {
  /** The first 12 digits of the SHA-256 of the content that answers now; undefined before `start`. */
  readonly version: string | undefined;
  /** Looks now. Resolves to true when another version has taken over; rejects when the content cannot be used. */
  reload(): Promise<boolean>;
}

/**
 * A model whose file may be replaced while it is in use. The file is looked at every `pollMs`; a new content is loaded beside the model that
 * answers, and takes its place once it is ready. A call is answered by one version, the one with which it began. A content that cannot be
 * loaded (half written, damaged, not supported) changes nothing: it is reported, and read again at the next look.
 *
 *     const model = reloading('model.json', (bytes) => xgboost(bytes, { features }));
 *
 * Write a file under another name and rename it: a rename is whole or does not happen. Outputs of `inference` carry the version in the header
 * `streamer-model-version`, and so do the answers of `streamer model serve`.
 *
 * @param open makes the model from the content; its `start` is awaited before it takes over
 * @throws ConfigError from `start`, when there is no usable content to begin with
 */
export function reloading<Row, Answer>(
  source: string | URL,
  open: Open<Row, Answer>,
  options: ReloadOptions = {},
): ReloadingModel<Row, Answer> {
  checkOptions<ReloadOptions>('reloading', options, CHECKS);
  const { pollMs = 2_000, headers, maxBytes = 2 ** 30 } = options;
  return new Reloading(watchedSource(source, { headers, maxBytes }), open, options, pollMs);
}

const CHECKS: ChecksOf<ReloadOptions> = {
  pollMs: durationMs(0),
  headers: that('an object of strings', (value) => isRecord(value) && Object.values(value).every((one) => typeof one === 'string')),
  maxBytes: wholeNumber(1),
  onSwap: aFunction,
  onFailure: aFunction,
};

type Open<Row, Answer> = (bytes: Uint8Array) => Model<Row, Answer> | Promise<Model<Row, Answer>>;

class Reloading<Row, Answer> implements ReloadingModel<Row, Answer> {
  readonly name: string;
  readonly #source: WatchedSource;
  readonly #open: Open<Row, Answer>;
  readonly #options: ReloadOptions;
  readonly #pollMs: number;
  #current: Loaded<Row, Answer> | undefined;
  /** One look at a time. */
  #looking: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing = new AbortController();
  /** The last look failed: the next one reads the content whatever its date. */
  #hasFailed = false;
  #lastReason: string | undefined;

  constructor(source: WatchedSource, open: Open<Row, Answer>, options: ReloadOptions, pollMs: number) {
    this.name = source.name;
    this.#source = source;
    this.#open = open;
    this.#options = options;
    this.#pollMs = pollMs;
  }

  get version(): string | undefined {
    return this.#current?.version;
  }

  async predict(rows: readonly Row[], options?: PredictOptions): Promise<Answer[]> {
    return (await this.#ready()).predict(rows, options);
  }

  async start(): Promise<void> {
    await this.#ready();
  }

  async health(options?: PredictOptions): Promise<void> {
    await (await this.#ready()).health(options);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort();
    this.#closing = new AbortController();
    await this.#looking?.catch(() => undefined);
    this.#current?.retire();
    this.#current = undefined;
  }

  reload(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #ready(): Promise<Loaded<Row, Answer>> {
    for (;;) {
      if (this.#current !== undefined) return this.#current;
      this.#hasFailed = true;
      await this.reload();
      this.#schedule();
    }
  }

  async #look(): Promise<boolean> {
    try {
      const bytes = await this.#source.look(this.#hasFailed, this.#closing.signal);
      const isNew = bytes !== undefined && (await this.#swap(bytes));
      this.#hasFailed = false;
      this.#lastReason = undefined;
      return isNew;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** Resolves to false when the content is that of the model that answers. */
  async #swap(bytes: Uint8Array): Promise<boolean> {
    const version = versionOf(bytes);
    if (version === this.#current?.version) return false;
    const model = await this.#open(bytes);
    await model.start?.();
    const before = this.#current;
    this.#current = new Loaded(model, version, this.name);
    if (before === undefined) return true;
    before.retire();
    log.info('{source}: version {version} takes over from {before}', { source: this.name, version, before: before.version });
    this.#options.onSwap?.(version, before.version);
    return true;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#pollMs === 0) return;
    this.#timer = setTimeout(() => void this.#poll(), this.#pollMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.reload();
    } catch (error) {
      if (!signal.aborted) this.#report(error instanceof Error ? error : new Error(messageOf(error)));
    }
    if (!signal.aborted) this.#schedule();
  }

  #report(error: Error): void {
    const reason = messageOf(error);
    if (this.#lastReason === reason) return;
    this.#lastReason = reason;
    if (this.#options.onFailure !== undefined) this.#options.onFailure(error);
    else log.warning('{source}: version {version} stays: {reason}', { source: this.name, version: this.version, reason });
  }
}
