import type { Stage } from '../events/stages.ts';
import type { AgentTask } from '../work/agent-task.ts';

export interface Standing {
  readonly stage: Stage;
  /** Undefined for an event that is not a record. */
  readonly offset: number | undefined;
  /** Undefined where it is no longer known. */
  readonly key: Buffer | null | undefined;
}

/** The event that an agent's next commit waits for, and where it stands. */
export function standingOf(task: AgentTask): Standing | undefined {
  if (task.offsets.unfinished === 0) return afterwards(task);
  const offset = task.offsets.position;
  const item = task.find(offset);
  const key = item?.origin.key;
  if (task.letters.has(offset)) return { stage: 'deadLetter', offset, key: task.letters.get(offset)?.key };
  if (item === undefined || item.isHandled) return { stage: 'outputs', offset, key };
  if (item.isHeld) return { stage: 'handler', offset, key };
  if (item.isBackingOff) return { stage: item.waits > 0 ? 'outside' : 'retry', offset, key };
  return { stage: task.runtime.waiting.since !== undefined ? 'outside' : 'queue', offset, key };
}

/** An event that has finished with its writes to tables, and whose outputs the cut waits for. */
function afterwards({ unacknowledged, letters }: AgentTask): Standing | undefined {
  const origin = unacknowledged.oldest?.origin;
  if (origin === undefined) return undefined;
  const { offset, key } = origin;
  return { stage: offset !== undefined && letters.has(offset) ? 'deadLetter' : 'outputs', offset, key };
}
