import type { Behaviour, BehaviourRun, Inbox } from './behaviour.ts';
import { Lane } from './lane.ts';
import type { StreamFunction } from './stream.ts';

/** A generator function (or an async function over the stream) as a behaviour: run once per lane. */
export function generator<K, V, Out>(run: StreamFunction<K, V, Out>): Behaviour<K, V, Out> {
  return { name: 'stream', unit: 'lane', open: (inbox) => new GeneratorRun(run, inbox) };
}

class GeneratorRun<K, V, Out> implements BehaviourRun {
  readonly #lanes: Lane<K, V, Out>[];

  constructor(run: StreamFunction<K, V, Out>, inbox: Inbox<K, V, Out>) {
    this.#lanes = Array.from({ length: inbox.concurrency }, (_, index) => new Lane(run, inbox, index));
  }

  wake(): void {
    for (const lane of this.#lanes) lane.wake();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}
