import { TRANSACTIONAL, type TransactionalName, transactionalIdOf } from './transactional.ts';

/** What the link does with the request that a trap has caught. */
export type Deed =
  /** Not carried out; the connection breaks. */
  | { readonly does: 'drop' }
  /** Not carried out; a broker's refusal is answered. */
  | { readonly does: 'refuse'; readonly errorCode: number }
  /** Carried out; the connection breaks before the answer arrives. */
  | { readonly does: 'lose-answer' }
  /** Something is done before it is carried out, or after that and before its answer arrives. */
  | { readonly does: 'before' | 'after'; readonly work: (transactionalId: string) => Promise<void> };

/** Waits for a request of a transaction, and is sprung by the first. */
export class Trap {
  readonly name: TransactionalName;
  readonly deed: Deed;
  readonly #key: number;
  #id: string | undefined;
  #isArmed = true;

  constructor(name: TransactionalName, deed: Deed) {
    this.name = name;
    this.deed = deed;
    this.#key = TRANSACTIONAL[name].key;
  }

  /** The transactional id of the request that was caught; undefined while none was. */
  get caught(): string | undefined {
    return this.#id;
  }

  /** From now on it catches nothing. */
  disarm(): void {
    this.#isArmed = false;
  }

  /** True for the one request that springs it. @param frame a request with its length */
  catches(frame: Buffer): boolean {
    if (!this.#isArmed || frame.readInt16BE(4) !== this.#key) return false;
    const id = transactionalIdOf(frame, this.name);
    if (id === null) return false;
    this.#id = id;
    this.#isArmed = false;
    return true;
  }
}
