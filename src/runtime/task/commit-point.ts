import type { CommittedOffset, TopicPartition } from '../../kafka/index.ts';
import { encodeFinished } from '../offsets/finished-map.ts';
import type { OffsetRange } from '../offsets/offset-tracker.ts';
import type { AgentTask } from '../work/agent-task.ts';
import type { InputStart } from './input-start.ts';

// What was finished beyond the position before a restart, and has not been read again yet, is part of the next commit too: a task
// that is given up before it has read that far must not forget it.

/** What may be committed of a partition: the smallest offset that some agent has not finished, and what is finished beyond it. */
export class CommitPoint {
  readonly #partition: TopicPartition;
  readonly #agents: readonly AgentTask[];
  #offset: number;
  #metadata: string;

  constructor(partition: TopicPartition, agents: readonly AgentTask[], committed: Pick<InputStart, 'position' | 'metadata'>) {
    this.#partition = partition;
    this.#agents = agents;
    this.#offset = committed.position;
    this.#metadata = committed.metadata;
  }

  get position(): number {
    return Math.min(...this.#agents.map((agent) => agent.offsets.position));
  }

  /** What is finished now. */
  get current(): CommittedOffset {
    const offset = this.position;
    const map = new Map<string, OffsetRange[]>();
    for (const agent of this.#agents) {
      const ranges = agent.offsets.finishedBeyond();
      const own = agent.offsets.position;
      if (own > offset) ranges.unshift([offset, own]);
      map.set(agent.agent, ranges);
    }
    return { ...this.#partition, offset, metadata: encodeFinished(offset, map) };
  }

  /** What should be committed now; undefined when it is committed already. */
  get next(): CommittedOffset | undefined {
    const { current } = this;
    return current.offset === this.#offset && current.metadata === this.#metadata ? undefined : current;
  }

  committed({ offset, metadata }: CommittedOffset): void {
    this.#offset = offset;
    this.#metadata = metadata ?? '';
  }
}
