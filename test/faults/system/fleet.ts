import type { Violation } from '../proof/evidence.ts';
import { Worker, type WorkerSetup } from './worker.ts';

const TERMINATION_MS = 25_000;

/** The workers of a round, those that are gone included. */
export class Fleet {
  readonly workers: Worker[] = [];
  readonly violations: Violation[] = [];
  readonly #setup: Omit<WorkerSetup, 'name'>;
  #count = 0;

  constructor(setup: Omit<WorkerSetup, 'name'>) {
    this.#setup = setup;
  }

  async start(): Promise<Worker> {
    const worker = await Worker.start({ ...this.#setup, name: `w${++this.#count}` });
    this.workers.push(worker);
    return worker;
  }

  get alive(): Worker[] {
    return this.workers.filter(({ isAlive }) => isAlive);
  }

  /** One that is at work, while there is any. */
  pick(target: number): Worker | undefined {
    const { alive } = this;
    const ready = alive.filter(({ isReady }) => isReady);
    const choice = ready.length > 0 ? ready : alive;
    return choice[target % Math.max(1, choice.length)];
  }

  async ensureOne(): Promise<void> {
    if (this.alive.length === 0) await this.start();
  }

  /**
   * SIGTERM: the worker has to end in order and in time. One that has said nothing yet may end by the signal itself: Node was
   * still reading the program, and there is nobody yet to handle it.
   */
  async terminate(worker: Worker): Promise<void> {
    const exit = await worker.terminate(TERMINATION_MS);
    // Another fault may have killed it meanwhile.
    if (worker.isKilled || exit?.code === 0 || (exit?.signal === 'SIGTERM' && worker.lastWords.trim() === '')) return;
    const how = exit === undefined ? `did not end within ${TERMINATION_MS} ms` : `ended with ${JSON.stringify(exit)}`;
    this.violations.push({ rule: 'worker', what: `${worker.name} ${how} after SIGTERM` });
  }

  /**
   * A worker that finds no broker at all when it starts says so and ends with 2, which is for its supervisor to deal with;
   * any other has to wait.
   *
   * @param isBrokerKilled so that any worker may have missed it
   */
  async terminateAll(isBrokerKilled: boolean): Promise<void> {
    for (const worker of this.workers) {
      const mayEnd = worker.exitCode === 2 && !worker.isReady && (worker.mayBeZombie || isBrokerKilled);
      if (worker.hasDied && !mayEnd) this.violations.push({ rule: 'worker', what: `${worker.name} ended by itself:\n${worker.lastWords}` });
    }
    await Promise.all(this.alive.map((worker) => this.terminate(worker)));
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}
