import { messageOf } from '../../errors.ts';
import { libraryLog } from '../../observe/index.ts';
import type { Model, PredictOptions } from '../model.ts';

// A file that could not be used is read again although its date has not changed: the features beside it may have been missing.

const log = libraryLog('models');

/** One version of a model that may be replaced. Once it is retired, it is closed when its last call has ended. */
export class Loaded<Row, Answer> {
  readonly version: string;
  readonly #model: Model<Row, Answer>;
  readonly #source: string;
  #calls = 0;
  #isRetired = false;

  constructor(model: Model<Row, Answer>, version: string, source: string) {
    this.#model = model;
    this.version = version;
    this.#source = source;
  }

  async predict(rows: readonly Row[], options?: PredictOptions): Promise<Answer[]> {
    this.#calls++;
    options?.onVersion?.(this.version);
    try {
      return await this.#model.predict(rows, options);
    } finally {
      this.#calls--;
      this.#closeWhenIdle();
    }
  }

  async health(options?: PredictOptions): Promise<void> {
    await this.#model.health?.(options);
  }

  retire(): void {
    this.#isRetired = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#isRetired || this.#calls > 0) return;
    this.#model.close?.().catch((error: unknown) => {
      log.warning('{source}: version {version} could not be closed: {reason}', {
        source: this.#source,
        version: this.version,
        reason: messageOf(error),
      });
    });
  }
}
