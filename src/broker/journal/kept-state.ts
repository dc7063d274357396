import { OffsetStore } from '../groups/offset-store.ts';
import type { Transaction } from '../transactions/transaction.ts';
import { type Entry, fromJournal, type JournalledOffset, toJournal } from './entry.ts';

export interface KeptTopic {
  /** Absent for a topic that was made before topics had ids. */
  readonly id?: string | undefined;
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
  readonly groups = new Map<string, OffsetStore>();
  /** By transactional id. */
  readonly transactions = new Map<string, Transaction>();
  /** Topics that were deleted, and not created again, since the last snapshot: their folders are leftovers. */
  readonly deleted = new Set<string>();

  apply(entry: Entry): void {
    switch (entry.type) {
      case 'cluster':
        this.clusterId = entry.id;
        return;
      case 'topic':
        this.deleted.delete(entry.topic);
        this.topics.set(entry.topic, { id: entry.id, partitions: entry.partitions, configs: entry.configs, starts: new Map() });
        return;
      case 'partitions':
        return this.#change(entry.topic, { partitions: entry.partitions });
      case 'configs':
        return this.#change(entry.topic, { configs: entry.configs });
      case 'start': {
        const starts = new Map(this.topics.get(entry.topic)?.starts).set(entry.partition, entry.offset);
        return this.#change(entry.topic, { starts });
      }
      case 'topic-deleted':
        return this.#deleteTopic(entry.topic);
      case 'offsets':
        return this.#addOffsets(entry.group, entry.offsets);
      case 'pending-offsets':
        return this.#addOffsets(entry.group, entry.offsets, entry.producerId);
      case 'pending-end':
        for (const group of entry.groups) this.groups.get(group)?.endTransaction(entry.producerId, entry.isCommit);
        return;
      case 'transaction':
        this.transactions.set(entry.transaction.id, entry.transaction);
        return;
      case 'transaction-deleted':
        this.transactions.delete(entry.id);
        return;
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
    for (const [topic, { id, partitions, configs, starts }] of this.topics) {
      yield { type: 'topic', topic, id, partitions, configs };
      for (const [partition, offset] of starts) yield { type: 'start', topic, partition, offset };
    }
    for (const [group, store] of this.groups) {
      for (const { producerId, offsets } of store.runs()) {
        const run = { group, offsets: offsets.map(toJournal) };
        yield producerId === undefined ? { type: 'offsets', ...run } : { type: 'pending-offsets', producerId, ...run };
      }
    }
    for (const transaction of this.transactions.values()) yield { type: 'transaction', transaction };
  }

  #change(topic: string, changes: Partial<KeptTopic>): void {
    const known = this.topics.get(topic);
    if (known !== undefined) this.topics.set(topic, { ...known, ...changes });
  }

  #addOffsets(group: string, offsets: readonly JournalledOffset[], producerId?: number): void {
    let known = this.groups.get(group);
    if (known === undefined) this.groups.set(group, (known = new OffsetStore()));
    known.add(offsets.map(fromJournal), producerId);
  }

  #deleteTopic(topic: string): void {
    this.topics.delete(topic);
    this.deleted.add(topic);
    for (const [group, offsets] of this.groups) {
      offsets.deleteTopic(topic);
      if (offsets.isEmpty) this.groups.delete(group);
    }
    for (const [id, one] of this.transactions) {
      const partitions = one.partitions.filter(([name]) => name !== topic);
      if (partitions.length < one.partitions.length) this.transactions.set(id, { ...one, partitions });
    }
  }
}
