import { libraryLog } from '../../observe/index.ts';
import type { Clock, Timer } from '../../timing/index.ts';
import type { RestoreProgress, Tell } from '../events/worker-events.ts';

const log = libraryLog('worker');
const EVERY_MS = 1_000;

/** How far the restores of a worker have come: from the begin of the first to the end of the last. */
export class Progress {
  readonly #clock: Clock;
  readonly #tell: Tell;
  #tasks = 0;
  #records = 0;
  #offsets = 0;
  #total = 0;
  #since = 0;
  #areAllRestored = true;
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: Tell) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Undefined while nothing is restored. */
  get current(): RestoreProgress | undefined {
    return this.#tasks === 0 ? undefined : this.#now();
  }

  /** @param offsets that the restore of one more task is going to read */
  begin(offsets: number): void {
    if (this.#tasks === 0) this.#reset();
    this.#tasks++;
    this.#total += offsets;
  }

  read(records: number, offsets: number): void {
    this.#records += records;
    this.#offsets += offsets;
  }

  /** @param isRestored false for a task that was closed, or could not be restored */
  end(isRestored: boolean): void {
    this.#tasks--;
    if (!isRestored) this.#areAllRestored = false;
    if (this.#tasks > 0) return;
    this.#timer?.cancel();
    if (!this.#areAllRestored) return;
    const progress = this.#now();
    this.#tell('restored', progress);
    const { records, forMs, recordsPerSecond } = progress;
    if (records > 0) log.info('restored {records} records in {forMs} ms ({recordsPerSecond}/s)', { records, forMs, recordsPerSecond });
  }

  #reset(): void {
    this.#records = 0;
    this.#offsets = 0;
    this.#total = 0;
    this.#areAllRestored = true;
    this.#since = this.#clock.now();
    this.#report();
  }

  #report(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => {
      const progress = this.#now();
      this.#tell('restoring', progress);
      const { offsets, total, tasks, forMs } = progress;
      log.info('restored {offsets} of {total} offsets in {forMs} ms, {tasks} tasks wait', { offsets, total, tasks, forMs });
      this.#report();
    });
  }

  #now(): RestoreProgress {
    const forMs = Math.round(this.#clock.now() - this.#since);
    const recordsPerSecond = Math.round((this.#records * 1_000) / Math.max(1, forMs));
    return { tasks: this.#tasks, records: this.#records, offsets: this.#offsets, total: this.#total, forMs, recordsPerSecond };
  }
}
