import { parentPort, workerData } from 'node:worker_threads';
import { isStreamerError, messageOf } from '../../errors.ts';
import { type FromThread, type ScorerSpec, type ToThread, transferOf } from './messages.ts';
import { openScorer } from './open.ts';

const say = (message: FromThread, values?: Float32Array): void =>
  parentPort?.postMessage(message, values === undefined ? [] : transferOf(values));

try {
  const scorer = openScorer(workerData as ScorerSpec);
  parentPort?.on('message', async ({ id, rows, count }: ToThread) => {
    try {
      const values = await scorer.score(rows, count);
      say({ type: 'scored', id, values }, values);
    } catch (error) {
      say({ type: 'error', id, message: messageOf(error) });
    }
  });
  say({ type: 'ready' });
} catch (error) {
  say({ type: 'failed', message: messageOf(error), next: isStreamerError(error) ? error.next : undefined });
}
