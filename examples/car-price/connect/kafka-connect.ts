import { setTimeout as delay } from 'node:timers/promises';
import { StreamerError } from 'streamerjs';
import type { ConnectorConfig } from './connectors.ts';

interface Status {
  readonly connector?: { readonly state: string; readonly trace?: string };
  readonly tasks?: ReadonlyArray<{ readonly state: string; readonly trace?: string }>;
}

const LOOK_MS = 250;
/** Connect answers so while it starts, or moves connectors between its workers. */
const LATER = new Set([404, 409, 500, 503]);

/** Kafka Connect's REST interface, as far as registering connectors needs it. */
export class KafkaConnect {
  readonly #url: string;
  readonly #waitMs: number;

  constructor(url: string, waitMs = 120_000) {
    this.#url = url.replace(/\/$/, '');
    this.#waitMs = waitMs;
  }

  /**
   * Creates a connector, or changes it to this; resolves when it and its tasks run.
   *
   * @throws StreamerError when Connect refuses it, a task fails, or it does not run in time
   */
  async put(name: string, config: ConnectorConfig, signal?: AbortSignal): Promise<void> {
    const deadline = Date.now() + this.#waitMs;
    await this.#until(deadline, `${name} is registered`, signal, async () => {
      const answer = await this.#call('PUT', `/connectors/${name}/config`, config);
      if (answer === undefined || LATER.has(answer.status)) return false;
      if (!answer.ok) throw new StreamerError('REFUSED', `Kafka Connect refuses ${name}: ${await answer.text()}`);
      return true;
    });
    await this.#until(deadline, `${name} runs`, signal, async () => isRunning(name, await this.#status(name)));
  }

  async remove(name: string): Promise<void> {
    await this.#until(Date.now() + this.#waitMs, `${name} is removed`, undefined, async () => {
      const answer = await this.#call('DELETE', `/connectors/${name}`);
      return answer !== undefined && (answer.ok || answer.status === 404);
    });
  }

  async #status(name: string): Promise<Status> {
    const answer = await this.#call('GET', `/connectors/${name}/status`);
    return answer?.ok === true ? ((await answer.json()) as Status) : {};
  }

  async #call(method: string, path: string, body?: object): Promise<Response | undefined> {
    const headers = { 'content-type': 'application/json' };
    const init = { method, headers, signal: AbortSignal.timeout(10_000), ...(body !== undefined && { body: JSON.stringify(body) }) };
    return fetch(this.#url + path, init).catch(() => undefined);
  }

  async #until(deadline: number, what: string, signal: AbortSignal | undefined, look: () => Promise<boolean>): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (await look()) return;
      if (Date.now() > deadline) {
        throw new StreamerError('TIMEOUT', `Kafka Connect at ${this.#url}: waited ${this.#waitMs / 1_000} s until ${what}`);
      }
      await delay(LOOK_MS, undefined, signal === undefined ? {} : { signal });
    }
  }
}

function isRunning(name: string, { connector, tasks = [] }: Status): boolean {
  const failed = [connector, ...tasks].find((part) => part?.state === 'FAILED');
  if (failed !== undefined)
    throw new StreamerError('REFUSED', `${name} failed: ${failed.trace?.split('\n').slice(0, 5).join('\n  ') ?? 'no trace'}`);
  return connector?.state === 'RUNNING' && tasks.length > 0 && tasks.every(({ state }) => state === 'RUNNING');
}
