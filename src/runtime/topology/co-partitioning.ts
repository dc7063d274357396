import { joinGroups } from '../../kafka/index.ts';

/** Topics whose partitions of the same number are worked on together, and what for. */
export interface CoPartitioned {
  readonly topics: readonly string[];
  /** `table "users" of agent "enrich"` */
  readonly by: string;
}

/** The groups of several topics, and the group of each topic: a topic that is read alone is its own. */
export class CoPartitioning {
  readonly groups: ReadonlyArray<readonly string[]>;
  readonly #groupOf = new Map<string, readonly string[]>();

  constructor(declared: readonly CoPartitioned[]) {
    this.groups = joinGroups(declared.map(({ topics }) => topics)).filter(({ length }) => length > 1);
    for (const group of this.groups) for (const topic of group) this.#groupOf.set(topic, group);
  }

  groupOf(topic: string): readonly string[] {
    return this.#groupOf.get(topic) ?? [topic];
  }
}

/** One problem for each declaration whose topics do not all have the same number of partitions. Topics without a count are left out. */
export function countProblems(declared: readonly CoPartitioned[], counts: ReadonlyMap<string, number>): string[] {
  return declared.flatMap(({ topics, by }) => {
    const known = topics.flatMap((topic) => {
      const count = counts.get(topic);
      return count === undefined ? [] : [{ topic, count }];
    });
    if (new Set(known.map(({ count }) => count)).size <= 1) return [];
    const list = known.map(({ topic, count }) => `"${topic}" (${count})`).join(', ');
    return [`${by} reads ${list} together: they need the same number of partitions`];
  });
}
