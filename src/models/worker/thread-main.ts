import { parentPort, workerData } from 'node:worker_threads';
import { isStreamerError } from '../../errors.ts';
import type { FromThread, ScorerSpec, ToThread } from './messages.ts';
import { openScorer } from './open.ts';

const say = (message: FromThread, values?: Float32Array): void =>
  parentPort?.postMessage(message, values === undefined ? [] : [values.buffer as ArrayBuffer]);

try {
  const scorer = openScorer(workerData as ScorerSpec);
  parentPort?.on('message', async ({ id, rows, count }: ToThread) => {
    try {
      const values = await scorer.score(rows, count);
      say({ type: 'scored', id, values }, values);
    } catch (error) {
      say({ type: 'error', id, message: (error as Error).message });
    }
  });
  say({ type: 'ready' });
} catch (error) {
  say({ type: 'failed', message: (error as Error).message, next: isStreamerError(error) ? error.next : undefined });
}
