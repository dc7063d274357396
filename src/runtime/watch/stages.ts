import type { AgentTask } from '../work/agent-task.ts';

/** Where an event stands that is not finished, with what governs how long it may stand there. */
export const STAGES = {
  decode: { is: 'is being decoded', setting: "the topic's serde, and the schema registry that it asks" },
  queue: { is: 'has not been started', setting: 'concurrency of the agent' },
  outside: { is: 'waits for something outside that cannot be reached', setting: 'none: it goes on when that is back' },
  handler: { is: 'is in the hands of the handler', setting: 'timeoutMs of the agent' },
  outputs: { is: 'waits for the brokers to acknowledge what was sent for it', setting: 'none: it is finished when they have' },
  retry: { is: 'waits for its next try', setting: 'onError of the agent' },
  deadLetter: { is: 'waits for its dead letter to be acknowledged', setting: 'none: the letter is tried again until it is' },
  commit: { is: 'is being committed as the next to read', setting: 'none: it is tried again with the next commit' },
} as const;

export type Stage = keyof typeof STAGES;

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
