import type { Load } from './load.ts';

interface ConsumerGroup {
  joinAndSync(): Promise<void>;
}

/**
 * One fetch loop runs for each broker, and each of them joins the group again by itself when a topic has grown or a leader
 * has moved: as many joins at once as there are brokers, each of which would begin a new assignment. Here those that come
 * while a join is under way share it.
 */
export function fixConcurrentJoins(load: Load): void {
  const { prototype } = load('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup };
  prototype.joinAndSync = shared(prototype.joinAndSync);
}

export function shared(join: () => Promise<void>): () => Promise<void> {
  const running = new WeakMap<object, Promise<void>>();
  return function joinAndSync(this: object): Promise<void> {
    const current = running.get(this);
    if (current !== undefined) return current;
    const started = join.call(this).finally(() => running.delete(this));
    running.set(this, started);
    return started;
  };
}
