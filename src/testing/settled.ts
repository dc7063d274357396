import type { App } from '../app.ts';
import { partitionKey } from '../kafka/index.ts';
import type { Worker } from '../runtime/index.ts';
import { sleep } from '../timing/index.ts';

/**
 * Resolves when all records of the assigned partitions are finished. Looks twice, because outputs can be new input.
 *
 * @throws Error when that takes longer than the time, with the worker's statistics
 */
export async function settled(app: App, worker: Worker, timeoutMs: number): Promise<void> {
  const admin = await (await app.client()).admin();
  const deadline = Date.now() + timeoutMs;
  let calm = '';
  for (;;) {
    const topics = new Set(worker.stats().assigned.map(({ topic }) => topic));
    const ends = new Map<string, number>();
    for (const topic of topics) for (const mark of await admin.watermarks(topic)) ends.set(partitionKey(mark), mark.latest);
    const isDone = worker.positions().every((position) => position.offset >= (ends.get(partitionKey(position)) ?? 0));
    const picture = JSON.stringify([...ends]);
    if (isDone && picture === calm) return;
    calm = isDone ? picture : '';
    if (Date.now() > deadline) throw new Error(`the app has not settled within ${timeoutMs} ms: ${JSON.stringify(worker.stats())}`);
    await sleep(5);
  }
}
