import { getLogger } from '@logtape/logtape';
import type { PartitionTask } from './partition-task.ts';
import type { WorkerEvents } from './worker-events.ts';

const log = getLogger(['streamer', 'worker']);
const LOOK_MS = 1_000;

/** Reports an event that has been in hand for too long, once per interval. Stop it with `clearInterval`. */
export function watchStalls(
  stallWarningMs: number,
  tasks: () => readonly PartitionTask[],
  tell: (...stalled: WorkerEvents['stalled']) => void,
): NodeJS.Timeout {
  const told = new WeakMap<object, number>();
  const look = () => {
    const now = Date.now();
    for (const task of tasks()) {
      for (const agent of task.agents) {
        const item = agent.oldest;
        if (item === undefined || now - Math.max(item.startedAt, told.get(item) ?? 0) < stallWarningMs) continue;
        told.set(item, now);
        const place = { agent: agent.agent, ...task.partition, offset: item.offset };
        log.warning(
          `agent "${place.agent}" has had ${place.topic}[${place.partition}]@${place.offset} in hand for ${Math.round((now - item.startedAt) / 1_000)} s; ` +
            'timeoutMs of the agent limits this, stallWarningMs governs this message',
        );
        tell({ ...place, forMs: now - item.startedAt });
      }
    }
  };
  return setInterval(look, Math.min(LOOK_MS, stallWarningMs)).unref();
}
