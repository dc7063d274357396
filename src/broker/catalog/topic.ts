import type { Partition } from './partition.ts';
import { type PartitionTopic, parseConfig, type TopicConfig } from './topic-config.ts';
import { TOPIC_CONFIGS } from './topic-configs.ts';

export class Topic implements PartitionTopic {
  readonly name: string;
  /** Of this topic alone: one of the same name that is created later has another. */
  readonly id: string;
  readonly partitions: Partition[] = [];
  config: TopicConfig;
  #overrides: ReadonlyMap<string, string>;
  readonly #defaults: ReadonlyMap<string, string>;

  /** @param defaults the broker's own values where they differ from Kafka's */
  constructor(name: string, id: string, overrides: ReadonlyMap<string, string>, defaults: ReadonlyMap<string, string>) {
    this.name = name;
    this.id = id;
    this.#defaults = defaults;
    this.#overrides = overrides;
    this.config = parseConfig((name) => this.setting(name).value);
  }

  /** Value of a setting, and whether it was set for this topic. */
  setting(name: string): { readonly value: string; readonly isOwn: boolean } {
    const own = this.#overrides.get(name);
    return { value: own ?? this.fallback(name), isOwn: own !== undefined };
  }

  fallback(name: string): string {
    return this.#defaults.get(name) ?? TOPIC_CONFIGS[name]?.default ?? '';
  }

  ownSettings(): ReadonlyMap<string, string> {
    return this.#overrides;
  }

  /** Replaces all settings of the topic. */
  configure(overrides: ReadonlyMap<string, string>): void {
    this.#overrides = overrides;
    this.config = parseConfig((name) => this.setting(name).value);
  }
}
