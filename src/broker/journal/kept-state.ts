import type { Entry, JournalledOffset } from './entry.ts';

export interface KeptTopic {
  readonly partitions: number;
  readonly configs: readonly (readonly [string, string])[];
  /** By partition: where deleted records end. */
  readonly starts: ReadonlyMap<number, number>;
}

/** What the journal's entries say together: everything that the broker keeps besides records. */
export class KeptState {
  clusterId: string | undefined;
  nextProducerId = 0;
  readonly topics = new Map<string, KeptTopic>();
  /** By group, then by topic and partition. */
  readonly groups = new Map<string, Map<string, JournalledOffset>>();
  /** Topics that were deleted, and not made anew, since the last snapshot: folders of theirs are leftovers. */
  readonly deleted = new Set<string>();

  apply(entry: Entry): void {
    switch (entry.type) {
      case 'cluster':
        this.clusterId = entry.id;
        return;
      case 'topic':
        this.deleted.delete(entry.topic);
        this.topics.set(entry.topic, { partitions: entry.partitions, configs: entry.configs, starts: new Map() });
        return;
      case 'partitions':
        return this.change(entry.topic, { partitions: entry.partitions });
      case 'configs':
        return this.change(entry.topic, { configs: entry.configs });
      case 'start': {
        const starts = new Map(this.topics.get(entry.topic)?.starts).set(entry.partition, entry.offset);
        return this.change(entry.topic, { starts });
      }
      case 'topic-deleted':
        return this.deleteTopic(entry.topic);
      case 'offsets':
        return this.commit(entry.group, entry.offsets);
      case 'group-deleted':
        this.groups.delete(entry.group);
        return;
      case 'producer-ids':
        this.nextProducerId = entry.next;
        return;
      case 'generation':
      case 'end':
        return;
    }
  }

  /** Entries that make this state out of nothing. */
  *entries(): Generator<Entry> {
    if (this.clusterId !== undefined) yield { type: 'cluster', id: this.clusterId };
    yield { type: 'producer-ids', next: this.nextProducerId };
    for (const [topic, { partitions, configs, starts }] of this.topics) {
      yield { type: 'topic', topic, partitions, configs };
      for (const [partition, offset] of starts) yield { type: 'start', topic, partition, offset };
    }
    for (const [group, offsets] of this.groups) yield { type: 'offsets', group, offsets: [...offsets.values()] };
  }

  private change(topic: string, changes: Partial<KeptTopic>): void {
    const known = this.topics.get(topic);
    if (known !== undefined) this.topics.set(topic, { ...known, ...changes });
  }

  private commit(group: string, offsets: readonly JournalledOffset[]): void {
    let known = this.groups.get(group);
    if (known === undefined) this.groups.set(group, (known = new Map()));
    for (const offset of offsets) known.set(`${offset[0]}-${offset[1]}`, offset);
  }

  private deleteTopic(topic: string): void {
    this.topics.delete(topic);
    this.deleted.add(topic);
    for (const [group, offsets] of this.groups) {
      for (const [key, offset] of offsets) if (offset[0] === topic) offsets.delete(key);
      if (offsets.size === 0) this.groups.delete(group);
    }
  }
}
