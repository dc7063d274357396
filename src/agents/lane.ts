import { StreamerError } from '../errors.ts';
import type { Event } from '../topics/index.ts';
import type { Delivery, Inbox, Scope } from './behaviour.ts';
import { LaneIntake } from './lane-intake.ts';
import { LaneStream } from './lane-stream.ts';
import type { Stream, StreamFunction } from './stream.ts';

/**
 * One lane of a generator agent: runs the generator again and again, each time on what is left. A throw fails the event in
 * hand and the generator starts again, so its locals are gone. A batch that fails is worked on one by one, so that only the
 * poison event meets the failure policy.
 */
export class Lane<K, V, Out> {
  readonly #run: StreamFunction<K, V, Out>;
  readonly #inbox: Inbox<K, V, Out>;
  /** Of the generator that runs: one that was given up may go on with its own, which holds nothing. */
  #scope: Scope<K, V, Out>;
  readonly #intake: LaneIntake<K, V, Out>;
  readonly #ended: Promise<void>;
  #held: ReadonlyArray<Delivery<K, V, Out>> = [];
  /** The first event of a generator, until the generator asks for it. */
  #unread: ReadonlyArray<Delivery<K, V, Out>> = [];
  /** Grows with every generator; what an older one does has no effect. */
  #life = 0;
  /** Events that come one by one after a batch has failed. */
  #singles = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #giveUp: () => void = () => {};

  constructor(run: StreamFunction<K, V, Out>, inbox: Inbox<K, V, Out>, index: number) {
    this.#run = run;
    this.#inbox = inbox;
    this.#scope = inbox.scope();
    this.#intake = new LaneIntake(inbox, index);
    this.#ended = this.#live();
  }

  wake(): void {
    this.#intake.wake();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#life++;
    clearTimeout(this.#timer);
    this.#giveUp();
    this.#intake.close();
    return this.#ended;
  }

  async #live(): Promise<void> {
    for (;;) {
      const first = await this.#intake.some(1, 0);
      if (first.length === 0) return;
      await this.#oneLife(++this.#life, first);
      this.#life++;
    }
  }

  /** Runs one generator until it returns, throws, or is given up because an event took too long. */
  #oneLife(life: number, first: ReadonlyArray<Delivery<K, V, Out>>): Promise<void> {
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      this.#scope = this.#inbox.scope();
      this.#unread = first;
      this.#held = first;
      this.#scope.hold(first);
      this.#body(new LaneStream({ one: () => this.#one(life), some: (max, withinMs) => this.#pull(life, max, withinMs) }), life)
        .then(
          () => this.#returned(life),
          (error: unknown) => this.#fail(life, error),
        )
        .then(resolve);
    });
  }

  async #body(stream: Stream<K, V>, life: number): Promise<void> {
    const scope = this.#scope;
    const result = scope.run(() => this.#run(stream));
    if (!(Symbol.asyncIterator in result)) {
      await result;
      return;
    }
    const iterator = result[Symbol.asyncIterator]();
    for (;;) {
      const step = await scope.run(() => iterator.next());
      if (step.done) return;
      if (!this.#isEmitted(step.value, life)) break;
    }
    // It stands at a `yield`: only so do its `finally` blocks run.
    await scope.run(() => iterator.return?.());
  }

  /** Returns false when the generator is to end. */
  #isEmitted(value: Out, life: number): boolean {
    if (this.#life !== life) {
      if (this.#held.length === 0) this.#inbox.misused(yieldedAtTheEnd(this.#inbox.agent));
      return false;
    }
    try {
      this.#emit(value);
      return true;
    } catch (error) {
      this.#fail(life, error);
      return false;
    }
  }

  #emit(value: Out): void {
    if (this.#held.length === 0 || this.#unread.length > 0) {
      throw new StreamerError('USAGE', 'the generator yielded before it had read an event', { agent: this.#inbox.agent });
    }
    this.#scope.emit(value);
  }

  /** The next event, as `#pull` gives it; of those that are there already without a chain of promises. */
  #one(life: number): Promise<IteratorResult<Event<K, V>, undefined>> {
    if (this.#life === life && this.#unread.length === 0) {
      this.#finish(life);
      const delivery = this.#life === life && !this.#isClosed ? this.#intake.one() : undefined;
      if (delivery !== undefined) {
        this.#hold([delivery], life);
        return Promise.resolve({ done: false, value: delivery.event });
      }
    }
    return this.#pull(life, 1, 0).then(([event]) => (event === undefined ? END : { done: false, value: event }));
  }

  /** The next batch for a generator's iterator; asking for it finishes the one before. Empty at the end. */
  async #pull(life: number, max: number, withinMs: number): Promise<Event<K, V>[]> {
    if (this.#life !== life) return [];
    let batch = this.#unread;
    this.#unread = [];
    if (batch.length === 0) {
      this.#finish(life);
      batch = await this.#intake.some(this.#singles > 0 ? 1 : max, withinMs);
    } else if (max > 1 && this.#singles === 0) {
      batch = await this.#intake.gather(batch, max, withinMs);
    }
    if (this.#life !== life) {
      for (const delivery of batch) delivery.release();
      return [];
    }
    this.#hold(batch, life);
    return batch.map((delivery) => delivery.event);
  }

  #hold(batch: ReadonlyArray<Delivery<K, V, Out>>, life: number): void {
    this.#held = batch;
    this.#scope.hold(batch);
    const { timeoutMs } = this.#inbox;
    if (timeoutMs > 0 && batch.length > 0) {
      this.#timer = setTimeout(() => {
        this.#fail(life, new StreamerError('TIMEOUT', `not finished within ${timeoutMs} ms (timeoutMs)`, { retryable: true }));
        this.#life++;
        this.#giveUp();
      }, timeoutMs);
    }
  }

  #returned(life: number): void {
    if (this.#unread.length > 0) {
      this.#fail(life, new StreamerError('USAGE', 'the agent returned without reading its stream', { agent: this.#inbox.agent }));
    } else {
      this.#finish(life);
    }
  }

  #finish(life: number): void {
    if (this.#life !== life) return;
    clearTimeout(this.#timer);
    const held = this.#letGo();
    if (this.#singles > 0) this.#singles = Math.max(0, this.#singles - held.length);
    for (const delivery of held) delivery.done();
  }

  #fail(life: number, error: unknown): void {
    if (this.#life !== life) return;
    clearTimeout(this.#timer);
    const held = this.#letGo();
    this.#unread = [];
    if (held.length > 1) {
      this.#singles = held.length;
      for (const delivery of held) delivery.release();
      return;
    }
    if (this.#singles > 0) this.#singles--;
    held[0]?.fail(error);
  }

  #letGo(): ReadonlyArray<Delivery<K, V, Out>> {
    const held = this.#held;
    this.#held = [];
    this.#scope.hold([]);
    return held;
  }
}

function yieldedAtTheEnd(agent: string): StreamerError {
  return new StreamerError('USAGE', 'the generator yielded after its last event: the output belongs to no event, and was not sent', {
    agent,
    next: 'Yield within the loop. State that must survive the end of a partition belongs into a topic.',
  });
}

const END = { done: true, value: undefined } as const;
