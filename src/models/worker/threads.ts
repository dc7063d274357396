import type { ScorerSpec } from './messages.ts';
import type { Scorer } from './scorer.ts';
import { ScorerThread } from './thread.ts';

/**
 * Resolves to a scorer over `count` threads, each with its own copy of the model; a request goes to the thread with the fewest before it.
 * A thread that ended (its requests are rejected with `UNAVAILABLE`) is replaced at the next request.
 */
export async function scorerThreads(spec: ScorerSpec, shape: Pick<Scorer, 'features' | 'width'>, count: number): Promise<Scorer> {
  const opening = Array.from({ length: count }, () => ScorerThread.open(spec));
  const threads = await Promise.all(opening).catch(async (error: unknown) => {
    for (const thread of await Promise.allSettled(opening)) if (thread.status === 'fulfilled') await thread.value.close();
    throw error;
  });
  const replacing = new Map<number, Promise<void>>();

  function replace(at: number): Promise<void> {
    const started =
      replacing.get(at) ??
      ScorerThread.open(spec)
        .then((thread) => void (threads[at] = thread))
        .finally(() => replacing.delete(at));
    replacing.set(at, started);
    return started;
  }

  return {
    ...shape,
    async score(rows, rowCount) {
      await Promise.all(threads.map((thread, at) => (thread.hasEnded ? replace(at) : undefined)));
      const thread = threads.reduce((least, other) => (other.pending < least.pending ? other : least));
      return thread.score(rows, rowCount);
    },
    async close() {
      await Promise.all(replacing.values());
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
