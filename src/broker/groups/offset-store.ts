export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface TopicOffset extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicOffsets {
  readonly name: string;
  readonly partitions: readonly (CommittedOffset & { readonly index: number })[];
}

/** Some offsets that came together: committed, or pending in the transaction of a producer. */
export interface OffsetRun {
  readonly producerId: number | undefined;
  readonly offsets: readonly TopicOffset[];
}

interface Stored extends TopicOffset {
  /** Of two for one partition the later counts, when both are committed. */
  readonly order: number;
}

const NONE: CommittedOffset = { offset: -1, leaderEpoch: -1, metadata: '' };

/** The offsets that one group has committed, and those that wait for the end of a transaction. */
export class OffsetStore {
  readonly #committed = new Map<string, Stored>();
  /** By producer, then by topic and partition. */
  readonly #pending = new Map<number, Map<string, Stored>>();
  #count = 0;

  get isEmpty(): boolean {
    return this.#committed.size === 0 && this.#pending.size === 0;
  }

  /** @param producerId of the transaction at whose end they are committed; undefined: at once */
  add(offsets: readonly TopicOffset[], producerId?: number): void {
    const target = producerId === undefined ? this.#committed : this.#pendingOf(producerId);
    for (const one of offsets) target.set(keyOf(one.topic, one.partition), { ...one, order: ++this.#count });
  }

  /** What was committed after a pending offset was given is not replaced by it. */
  endTransaction(producerId: number, isCommit: boolean): void {
    const pending = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if (!isCommit || pending === undefined) return;
    for (const [key, one] of pending) if (one.order > (this.#committed.get(key)?.order ?? 0)) this.#committed.set(key, one);
  }

  /** The commit, or offset -1 where there is none, as Kafka says it. */
  get(topic: string, partition: number): CommittedOffset {
    const found = this.#committed.get(keyOf(topic, partition));
    return found === undefined ? NONE : plain(found);
  }

  /** Does an open transaction hold an offset of this partition? */
  isPending(topic: string, partition: number): boolean {
    const key = keyOf(topic, partition);
    for (const offsets of this.#pending.values()) if (offsets.has(key)) return true;
    return false;
  }

  pendingProducers(): readonly number[] {
    return [...this.#pending.keys()];
  }

  all(): TopicOffsets[] {
    const byTopic = new Map<string, (CommittedOffset & { index: number })[]>();
    for (const one of this.#committed.values()) {
      const partitions = byTopic.get(one.topic);
      const entry = { index: one.partition, ...plain(one) };
      if (partitions === undefined) byTopic.set(one.topic, [entry]);
      else partitions.push(entry);
    }
    return [...byTopic].map(([name, partitions]) => ({ name, partitions }));
  }

  deleteTopic(topic: string): void {
    for (const [key, one] of this.#committed) if (one.topic === topic) this.#committed.delete(key);
    for (const [producerId, offsets] of this.#pending) {
      for (const [key, one] of offsets) if (one.topic === topic) offsets.delete(key);
      if (offsets.size === 0) this.#pending.delete(producerId);
    }
  }

  /** All of it in the order in which it came, so that adding the runs to an empty store gives the same. */
  runs(): OffsetRun[] {
    const tagged = [
      ...[...this.#committed.values()].map((one) => ({ producerId: undefined, one })),
      ...[...this.#pending].flatMap(([producerId, offsets]) => [...offsets.values()].map((one) => ({ producerId, one }))),
    ].sort((a, b) => a.one.order - b.one.order);
    const runs: { producerId: number | undefined; offsets: TopicOffset[] }[] = [];
    for (const { producerId, one } of tagged) {
      const last = runs.at(-1);
      if (last !== undefined && last.producerId === producerId) last.offsets.push(one);
      else runs.push({ producerId, offsets: [one] });
    }
    return runs;
  }

  #pendingOf(producerId: number): Map<string, Stored> {
    let offsets = this.#pending.get(producerId);
    if (offsets === undefined) this.#pending.set(producerId, (offsets = new Map()));
    return offsets;
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

function plain({ offset, leaderEpoch, metadata }: CommittedOffset): CommittedOffset {
  return { offset, leaderEpoch, metadata };
}
