import { describeError } from '../../errors.ts';
import { libraryLog } from '../../observe/index.ts';

const log = libraryLog('worker');

/**
 * Ends what members that are gone have left open. A worker that is killed within a transaction leaves its offsets and changelogs
 * waiting until the transaction times out; its successor ends it at once, by opening its transactional id. Only ids that no member
 * of the present generation has are touched.
 */
export class Fencing {
  readonly #fence: (transactionalId: string) => Promise<void>;
  /** Ids of members of earlier generations, and of those that have committed. */
  readonly #known = new Set<string>();
  #present: readonly string[] = [];

  constructor(fence: (transactionalId: string) => Promise<void>) {
    this.#fence = fence;
  }

  /** A generation begins. @param present ids of its members; empty when they are not known */
  begin(present: readonly string[]): void {
    this.#present = present;
    this.learn(present);
  }

  /** Notes ids that may have left something open once their members are gone. */
  learn(ids: Iterable<string>): void {
    for (const id of ids) if (id !== '') this.#known.add(id);
  }

  /** Fences the known ids that the present generation lacks, each once. */
  async fenceAbsent(): Promise<void> {
    if (this.#present.length === 0) return;
    const gone = [...this.#known].filter((id) => !this.#present.includes(id));
    await Promise.all(gone.map((id) => this.#fenceOne(id)));
  }

  async #fenceOne(id: string): Promise<void> {
    this.#known.delete(id);
    log.info('ending the transaction that {id} may have left open', { id });
    try {
      await this.#fence(id);
    } catch (error) {
      // Without it the transaction ends by its time-out.
      this.#known.add(id);
      log.warning('what {id} has left open could not be ended: {error}', { id, error: describeError(error) });
    }
  }
}
