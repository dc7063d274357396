import type { SourceContext, SourceRecord } from '../../source.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_RECORDS = 20_000;

/** Records that are on their way to the broker. Holds the sender back when there are too many, and keeps the first error. */
export class Flight {
  readonly #context: SourceContext;
  #bytes = 0;
  #records = 0;
  #error: unknown;
  #isFailed = false;
  #wake: (() => void) | undefined;

  constructor(context: SourceContext) {
    this.#context = context;
  }

  /** Resolves when there is room for more. @throws the error with which a record was refused */
  async send(record: SourceRecord): Promise<void> {
    if (this.#isFailed) throw this.#error;
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 256;
    this.#bytes += size;
    this.#records++;
    this.#context.send(record).then(
      () => this.#landed(size),
      (error: unknown) => {
        if (!this.#isFailed) this.#error = error;
        this.#isFailed = true;
        this.#landed(size);
      },
    );
    while (this.#bytes > MAX_BYTES || this.#records > MAX_RECORDS) await this.#change();
  }

  /** Resolves when all are acknowledged. @throws the error with which one was refused */
  async landed(): Promise<void> {
    while (this.#records > 0 && !this.#isFailed) await this.#change();
    if (this.#isFailed) throw this.#error;
  }

  #landed(size: number): void {
    this.#bytes -= size;
    this.#records--;
    this.#wake?.();
    this.#wake = undefined;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
