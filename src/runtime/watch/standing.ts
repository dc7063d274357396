import type { Stage } from '../events/stages.ts';
import type { AgentTask } from '../work/agent-task.ts';

export interface Standing {
  readonly stage: Stage;
  readonly offset: number;
  /** Undefined where it is not known any more. */
  readonly key: Buffer | null | undefined;
}

/** The event that an agent's next commit waits for, and where it stands. */
export function standingOf(task: AgentTask): Standing | undefined {
  if (task.tracker.unfinished === 0) return undefined;
  const offset = task.tracker.position;
  const item = task.find(offset);
  const key = item?.record.key;
  if (task.letters.has(offset)) return { stage: 'deadLetter', offset, key: task.letters.get(offset)?.key };
  if (item === undefined || item.isHandled) return { stage: 'outputs', offset, key };
  if (item.isHeld) return { stage: 'handler', offset, key };
  if (item.isBackingOff) return { stage: item.waits > 0 ? 'outside' : 'retry', offset, key };
  return { stage: task.runtime.isWaiting ? 'outside' : 'queue', offset, key };
}
