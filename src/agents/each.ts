import { StreamerError } from '../errors.ts';
import { aFunction, checkValue } from '../options/index.ts';
import { isThenable } from '../timing/index.ts';
import type { Event } from '../topics/index.ts';
import type { Behaviour, BehaviourRun, Delivery, Inbox } from './behaviour.ts';

/** Called once per event. What it returns (but `undefined`) is handed to the agent's sinks. */
export type Handler<K, V, Out> = (value: V, event: Event<K, V>) => Out | undefined | void | PromiseLike<Out | undefined | void>;

/**
 * One call per event, up to the agent's `concurrency` at once, in order by key. An event in back-off holds its key alone.
 */
export function each<K, V, Out = never>(handler: Handler<K, V, Out>): Behaviour<K, V, Out> {
  return handlerBehaviour('each', handler);
}

/** As `Handler`, with the bytes that the event was made from. */
export type OriginHandler<K, V, Out> = (
  value: V,
  event: Event<K, V>,
  origin: Delivery<K, V, Out>['origin'],
) => ReturnType<Handler<K, V, Out>>;

export function handlerBehaviour<K, V, Out>(
  name: string,
  handler: OriginHandler<K, V, Out>,
  options: Pick<Behaviour<K, V, Out>, 'tombstones'> = {},
): Behaviour<K, V, Out> {
  checkValue(name, aFunction, handler);
  return { name, unit: 'key', ...options, open: (inbox) => new HandlerRun(handler, inbox) };
}

class HandlerRun<K, V, Out> implements BehaviourRun<K, V, Out> {
  readonly #handler: OriginHandler<K, V, Out>;
  readonly #inbox: Inbox<K, V, Out>;
  readonly #concurrency: number;
  #inFlight = 0;
  #isPumping = false;
  #isWoken = false;

  constructor(handler: OriginHandler<K, V, Out>, inbox: Inbox<K, V, Out>) {
    this.#handler = handler;
    this.#inbox = inbox;
    this.#concurrency = inbox.concurrency;
  }

  /** A handler may finish at once and wake us from within: that turn is taken by the loop already running. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#isWoken) {
      this.#isWoken = false;
      const batch = this.#inbox.poll(this.#concurrency - this.#inFlight);
      this.#inFlight += batch.length;
      for (const delivery of batch) this.#start(delivery);
      if (batch.length > 0) this.#isWoken = true;
    }
    this.#isPumping = false;
  }

  hasRoom(): boolean {
    return this.#inFlight < this.#concurrency;
  }

  take(delivery: Delivery<K, V, Out>): void {
    this.#inFlight++;
    const isPumping = this.#isPumping;
    this.#isPumping = true;
    this.#start(delivery);
    this.#isPumping = isPumping;
  }

  close(): void {}

  #start(delivery: Delivery<K, V, Out>): void {
    let result: ReturnType<Handler<K, V, Out>>;
    try {
      result = delivery.within(() => this.#handler(delivery.event.value, delivery.event, delivery.origin));
    } catch (error) {
      this.#failed(delivery, error);
      return;
    }
    if (!isPromise(result)) {
      this.#finished(delivery, result);
      return;
    }
    const promise = Promise.resolve(result);
    const pending = this.#inbox.timeoutMs > 0 ? withTimeout(promise, this.#inbox.timeoutMs) : promise;
    pending.then(
      (output) => this.#finished(delivery, output),
      (error: unknown) => this.#failed(delivery, error),
    );
  }

  #finished(delivery: Delivery<K, V, Out>, output: Out | undefined | void): void {
    try {
      if (isOutput(output)) delivery.emit(output);
    } catch (error) {
      this.#failed(delivery, error);
      return;
    }
    this.#inFlight--;
    // Wakes us from within: once is enough.
    const isPumping = this.#isPumping;
    this.#isPumping = true;
    delivery.done();
    this.#isPumping = isPumping;
    this.wake();
  }

  #failed(delivery: Delivery<K, V, Out>, error: unknown): void {
    this.#inFlight--;
    delivery.fail(error);
    this.wake();
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return isThenable(value);
}

function isOutput<Out>(output: Out | undefined | void): output is Out {
  return output !== undefined;
}

/** Rejects with `TIMEOUT`; the event's own signal is aborted by the runtime when the event fails. */
function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const error = () => reject(new StreamerError('TIMEOUT', `not finished within ${timeoutMs} ms (timeoutMs)`, { retryable: true }));
    const timer = setTimeout(error, timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
