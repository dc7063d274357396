import { Proxy } from '../net/proxy.ts';
import type { Rewrite } from '../net/rewrites.ts';
import { APP_FILE, Child, type Exit } from './child.ts';

/** Short, so that a round need not wait long; 6 s is the shortest session that brokers allow by default. */
export const SESSION_MS = 6_000;
const SETTINGS = {
  STREAMER_SESSION_TIMEOUT_MS: String(SESSION_MS),
  STREAMER_HEARTBEAT_INTERVAL_MS: '500',
  STREAMER_COMMIT_INTERVAL_MS: '50',
  STREAMER_FETCH_WAIT_MS: '50',
  STREAMER_DRAIN_TIMEOUT_MS: '5000',
  STREAMER_LOG_LEVEL: 'warning',
};

export interface WorkerSetup {
  readonly id: string;
  readonly name: string;
  readonly brokerPorts: readonly number[];
  readonly modelUrl: string | undefined;
  readonly plant: string | undefined;
  /** A bug that shows in what the worker asks for. */
  readonly rewrite?: Rewrite | undefined;
  /** Module of the app. @default the one of `npm run faults` */
  readonly appFile?: string | undefined;
}

/** A worker in a process of its own, with a proxy between it and the brokers. */
export class Worker {
  readonly name: string;
  /** The group may take it for dead while it goes on: it was suspended, or could not be heard. */
  mayBeZombie = false;
  /** Its end was our doing. */
  isEnding = false;
  /** By SIGKILL, perhaps while it was ending. */
  isKilled = false;
  readonly proxy: Proxy;
  readonly #child: Child;

  static async start(setup: WorkerSetup): Promise<Worker> {
    const proxy = await Proxy.start(setup.brokerPorts);
    if (setup.rewrite !== undefined) proxy.rewrite(setup.rewrite);
    return new Worker(setup, proxy);
  }

  private constructor({ id, name, modelUrl, plant, appFile = APP_FILE }: WorkerSetup, proxy: Proxy) {
    this.name = name;
    this.proxy = proxy;
    this.#child = new Child(['worker', '-A', appFile, '--json'], {
      ...SETTINGS,
      KAFKA_BROKERS: proxy.address,
      FAULTS_ID: id,
      FAULTS_WORKER: name,
      ...(modelUrl === undefined ? {} : { FAULTS_MODEL_URL: modelUrl }),
      ...(plant === undefined ? {} : { FAULTS_PLANT: plant }),
    });
  }

  get isAlive(): boolean {
    return !this.#child.hasExited && !this.isEnding;
  }

  /** It ended though nobody wanted it to. */
  get hasDied(): boolean {
    return this.#child.hasExited && !this.isEnding;
  }

  get exitCode(): number | null | undefined {
    return this.#child.exitCode;
  }

  get isReady(): boolean {
    return this.#child.events.some(({ event }) => event === 'ready');
  }

  /** How often it gave partitions up, or lost them. */
  get revocations(): number {
    return this.#child.events.filter(({ event }) => event === 'revoked').length;
  }

  /** What it said last, for a report. */
  get lastWords(): string {
    const events = this.#child.events.filter(({ event }) => event !== 'progress' && event !== 'retry' && event !== 'deadLetter').slice(-12);
    return [...events.map((event) => JSON.stringify(event).slice(0, 400)), this.#child.stderr.slice(-2_000)].join('\n');
  }

  ready(): Promise<unknown> {
    return this.#child.until('ready', 45_000);
  }

  suspend(): void {
    this.mayBeZombie = true;
    this.#child.signal('SIGSTOP');
  }

  resume(): void {
    this.#child.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    this.isEnding = true;
    this.isKilled = true;
    await this.#child.kill();
  }

  /** SIGTERM. @returns undefined when it has not ended in time and had to be killed */
  async terminate(timeoutMs: number): Promise<Exit | undefined> {
    this.isEnding = true;
    this.#child.signal('SIGTERM');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    const exit = await Promise.race([this.#child.exited, late]);
    clearTimeout(timer);
    if (exit === undefined) await this.#child.kill();
    return exit;
  }

  async close(): Promise<void> {
    if (!this.#child.hasExited) await this.kill();
    await this.proxy.close();
  }
}
