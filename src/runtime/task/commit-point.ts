import type { CommittedOffset, TopicPartition } from '../../kafka/index.ts';
import { encodeExact } from '../offsets/commit-metadata.ts';
import { encodeFinished } from '../offsets/finished-map.ts';
import type { OffsetRange } from '../offsets/offset-tracker.ts';
import type { AgentTask } from '../work/agent-task.ts';
import type { InputStart } from './input-start.ts';

// What was finished beyond the position before a restart, and has not been read again yet, is part of the next commit too: a task
// that is given up before it has read that far must not forget it.

/** What the commits of a task with tables name beside the cut numbers. */
export interface Stamp {
  readonly topicId: string;
  /** Transactional id of the worker. */
  readonly writer: string;
}

/** What may be committed of a partition: the smallest offset that some agent has not finished, and what is finished beyond it. */
export class CommitPoint {
  readonly #partition: TopicPartition;
  readonly #agents: readonly AgentTask[];
  readonly #stamp: Stamp | undefined;
  #offset: number;
  #metadata: string;
  #lastCommit: number | undefined;

  /** @param stamp set for a task with tables: its commits are exact, and have cut numbers */
  constructor(partition: TopicPartition, agents: readonly AgentTask[], committed: InputStart, stamp: Stamp | undefined) {
    this.#partition = partition;
    this.#stamp = stamp;
    this.#agents = agents;
    this.#offset = committed.position;
    this.#metadata = committed.metadata;
  }

  get position(): number {
    return Math.min(...this.#agents.map((agent) => agent.offsets.position));
  }

  /** What is finished now. @param numbers of the cut that it is part of */
  current(numbers: ReadonlyMap<string, number> = new Map()): CommittedOffset {
    const offset = this.position;
    const map = new Map<string, OffsetRange[]>();
    for (const agent of this.#agents) {
      const ranges = agent.offsets.finishedBeyond();
      const own = agent.offsets.position;
      if (own > offset) ranges.unshift([offset, own]);
      map.set(agent.agent, ranges);
    }
    const stamp = this.#stamp;
    const metadata = stamp === undefined ? encodeFinished(offset, map) : encodeExact(offset, map, { ...stamp, numbers });
    return { ...this.#partition, offset, metadata };
  }

  /** What should be committed now; undefined when it is committed already. */
  next(numbers?: ReadonlyMap<string, number>): CommittedOffset | undefined {
    const current = this.current(numbers);
    return current.offset === this.#offset && current.metadata === this.#metadata ? undefined : current;
  }

  /** The offset of the last commit; undefined before the first one here. */
  get lastCommit(): number | undefined {
    return this.#lastCommit;
  }

  /** True if this is the last commit. */
  isCommitted(offset: number, metadata: string): boolean {
    return offset === this.#offset && metadata === this.#metadata;
  }

  committed({ offset, metadata }: CommittedOffset): void {
    this.#lastCommit = offset;
    this.#offset = offset;
    this.#metadata = metadata ?? '';
  }
}
