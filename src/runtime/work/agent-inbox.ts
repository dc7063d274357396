import type { Inbox, PollOptions } from '../../agents/index.ts';
import type { StreamerError } from '../../errors.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import { LaneScope } from './lane-scope.ts';
import type { ItemTask, WorkItem } from './work-item.ts';

/** What an inbox asks of its task. */
export interface InboxTask extends ItemTask {
  readonly runtime: AgentRuntime;
  /** Aborted when the partition is abandoned. */
  readonly signal: AbortSignal;
  /** Starts up to so many of the items that may start. */
  start(max: number, options: PollOptions): WorkItem[];
}

/** What a behaviour sees of one agent on one partition. */
export class AgentInbox implements Inbox<unknown, unknown, unknown> {
  readonly agent: string;
  readonly partition: TopicPartition;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly #task: InboxTask;

  constructor(task: InboxTask) {
    const { name, concurrency, timeoutMs } = task.runtime.agent;
    this.agent = name;
    this.partition = task.partition;
    this.concurrency = concurrency;
    this.timeoutMs = timeoutMs;
    this.signal = task.signal;
    this.#task = task;
  }

  poll(max: number, options: PollOptions = {}): WorkItem[] {
    return max <= 0 ? [] : this.#task.start(max, options);
  }

  scope(): LaneScope {
    return new LaneScope(this.#task);
  }

  waiting(error: unknown): void {
    this.#task.runtime.waiting.holds(error);
  }

  resumed(): void {
    this.#task.runtime.waiting.resumes();
  }

  misused(error: StreamerError): void {
    this.#task.runtime.services.tell('warning', { error });
  }
}
