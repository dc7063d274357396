import { getLogger } from '@logtape/logtape';
import { ConfigError } from '../../errors.ts';
import { versionOf } from '../file/version.ts';
import type { Model, PredictOptions } from '../model.ts';
import { type WatchedSource, watchedSource } from './source.ts';

const log = getLogger(['streamer', 'models']);

export interface ReloadOptions {
  /** Time between two looks at the file or URL, in milliseconds; 0: only `reload()` looks. @default 2_000 */
  readonly pollMs?: number | undefined;
  /** Sent with requests to a URL, as `{ authorization: 'Bearer ...' }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called when another version has taken over. */
  readonly onSwap?: ((version: string, before: string) => void) | undefined;
  /** Called when a new content cannot be used, once for each reason; the model before stays. @default logs a warning */
  readonly onFailure?: ((error: Error) => void) | undefined;
}

export interface ReloadingModel<Row, Answer> extends Model<Row, Answer> {
  /** The first 12 digits of the SHA-256 of the content that answers now; undefined before `start`. */
  readonly version: string | undefined;
  /** Looks now. Resolves to whether another version has taken over; rejects when the content cannot be used. */
  reload(): Promise<boolean>;
}

interface Loaded<Row, Answer> {
  readonly model: Model<Row, Answer>;
  readonly version: string;
  calls: number;
  isRetired: boolean;
}

/**
 * A model whose file may be replaced while it is in use: looked at every `pollMs`, loaded beside the one that answers, and put in its place
 * once it is ready. A call is answered by one version, the one that it began with. What cannot be loaded (half written, damaged, not
 * supported) changes nothing but is told, and tried again at the next look.
 *
 *     const model = reloading('model.json', (bytes) => xgboost(bytes, { features }));
 *
 * Write a file under another name and rename it, as a rename is whole or not at all. Outputs of `inference` carry the version in the
 * header `streamer-model-version`, and so do the answers of `streamer model serve`.
 *
 * @param open makes the model from the content; its `start` is awaited before it takes over
 * @throws ConfigError from `start`, when there is no usable content to begin with
 */
export function reloading<Row, Answer>(
  source: string | URL,
  open: (bytes: Uint8Array) => Model<Row, Answer> | Promise<Model<Row, Answer>>,
  options: ReloadOptions = {},
): ReloadingModel<Row, Answer> {
  const { pollMs = 2_000, headers } = options;
  if (!(pollMs >= 0) || pollMs > 2 ** 31 - 1) throw new ConfigError(`reloading: pollMs must be 0 to ${2 ** 31 - 1}, got ${pollMs}`);
  return new Reloading(watchedSource(source, headers), open, options, pollMs);
}

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
  /** The last look failed: the next one looks at the content, whatever its date. */
  #hasFailed = false;
  #told: string | undefined;

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
    const loaded = await this.#ready();
    loaded.calls++;
    options?.onVersion?.(loaded.version);
    try {
      return await loaded.model.predict(rows, options);
    } finally {
      loaded.calls--;
      this.#tidy(loaded);
    }
  }

  async start(): Promise<void> {
    await this.#ready();
  }

  async health(options?: PredictOptions): Promise<void> {
    await (await this.#ready()).model.health?.(options);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort();
    this.#closing = new AbortController();
    await this.#looking?.catch(() => undefined);
    const last = this.#current;
    this.#current = undefined;
    if (last !== undefined) this.#retire(last);
  }

  reload(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #ready(): Promise<Loaded<Row, Answer>> {
    if (this.#current === undefined) {
      this.#hasFailed = true;
      await this.reload();
      this.#schedule();
    }
    return this.#current as unknown as Loaded<Row, Answer>;
  }

  async #look(): Promise<boolean> {
    try {
      const bytes = await this.#source.look(this.#hasFailed, this.#closing.signal);
      const version = bytes === undefined ? undefined : versionOf(bytes);
      const isNew = bytes !== undefined && version !== this.#current?.version;
      if (isNew) await this.#swap(bytes, version as string);
      this.#hasFailed = false;
      this.#told = undefined;
      return isNew;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  async #swap(bytes: Uint8Array, version: string): Promise<void> {
    const model = await this.#open(bytes);
    await model.start?.();
    const before = this.#current;
    this.#current = { model, version, calls: 0, isRetired: false };
    if (before === undefined) return;
    this.#retire(before);
    log.info('{source}: version {version} takes over from {before}', { source: this.name, version, before: before.version });
    this.#options.onSwap?.(version, before.version);
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
      if (!signal.aborted) this.#tell(error as Error);
    }
    if (!signal.aborted) this.#schedule();
  }

  #tell(error: Error): void {
    if (this.#told === error.message) return;
    this.#told = error.message;
    if (this.#options.onFailure !== undefined) this.#options.onFailure(error);
    else log.warn('{source}: version {version} stays: {reason}', { source: this.name, version: this.version, reason: error.message });
  }

  #retire(loaded: Loaded<Row, Answer>): void {
    loaded.isRetired = true;
    this.#tidy(loaded);
  }

  /** A model that was replaced is closed when its last call is over. */
  #tidy({ model, calls, isRetired }: Loaded<Row, Answer>): void {
    if (!isRetired || calls > 0) return;
    model
      .close?.()
      .catch((error: Error) => log.warn('{source}: closing a model failed: {reason}', { source: this.name, reason: error.message }));
  }
}
