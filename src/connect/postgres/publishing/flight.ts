import { InFlightWindow } from '../../../timing/index.ts';
import type { SourceContext, SourceRecord } from '../../source.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_RECORDS = 20_000;
/** Bytes that a record takes beside its key and value, generously. */
const OVERHEAD = 256;

/** Records that are on their way to the broker. */
export class Flight {
  readonly #context: SourceContext;
  readonly #window = new InFlightWindow(({ count, size }) => count <= MAX_RECORDS && size <= MAX_BYTES);

  constructor(context: SourceContext) {
    this.#context = context;
  }

  /** Resolves when there is room for more. @throws the error with which a record was refused */
  async send(record: SourceRecord): Promise<void> {
    this.#throwFailure();
    await this.#window.add(this.#context.send(record), (record.key?.length ?? 0) + (record.value?.length ?? 0) + OVERHEAD);
  }

  /** Resolves when all are acknowledged. @throws the error with which one was refused */
  async landed(): Promise<void> {
    await this.#window.settledOrFailed();
    this.#throwFailure();
  }

  #throwFailure(): void {
    const { failure } = this.#window;
    if (failure !== undefined) throw failure.error;
  }
}
