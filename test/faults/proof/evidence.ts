import type { Range } from '../system/finished.ts';

/** A record of the input topic. */
export interface InputEvent {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Absent when it does not decode. */
  readonly id: string | undefined;
  readonly kind: 'plain' | 'flaky' | 'poison' | 'undecodable';
}

/** A record of an output topic: what an agent made of an event. */
export interface Output {
  readonly topic: string;
  /** Where it lies in the output topic. */
  readonly at: Place;
  readonly key: string | null;
  readonly id: string;
  /** The event it was made of, as the worker says. */
  readonly source: Place;
  readonly by: string;
  /** When the handler was called and when it was through, monotonic µs. */
  readonly from: number;
  readonly to: number;
}

/** A record of the dead-letter topic. */
export interface Letter {
  readonly at: Place;
  readonly source: Place;
  /** Absent when the record did not decode. */
  readonly agent: string | undefined;
  /** Code and message of the error, and the number of attempts. */
  readonly cause?: string | undefined;
}

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface Commit {
  readonly offset: number;
  /** As it was read. @default null */
  readonly metadata?: string | null;
  readonly finished: ReadonlyMap<string, readonly Range[]>;
}

/** The group's commits at one moment, and where the outputs ended after that moment. */
export interface Observation {
  /** When the commits had been read, monotonic µs. */
  readonly at: number;
  readonly commits: ReadonlyMap<number, Commit>;
  /** By topic, by partition. */
  readonly ends: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** Who publishes where. */
export interface OutputTopic {
  readonly topic: string;
  readonly agent: string;
  /** Within what its agent keeps order. Of one sequence, all outputs lie in one partition. */
  readonly order: 'key' | 'partition' | 'none';
}

export interface Evidence {
  readonly input: readonly InputEvent[];
  readonly outputs: readonly Output[];
  readonly letters: readonly Letter[];
  readonly observations: readonly Observation[];
  readonly outputTopics: readonly OutputTopic[];
  readonly letterTopic: string;
  /** Where the input ends, by partition. @default behind the last of its events */
  readonly inputEnds?: ReadonlyMap<number, number>;
  /** Nothing failed: then nothing may be there twice. */
  readonly isUndisturbed: boolean;
  /** Workers that may have gone on after the group had given their partitions away. */
  readonly zombies: ReadonlySet<string>;
  /** How often each worker had to give up partitions: so often a key may start again from an earlier event. */
  readonly revocations: ReadonlyMap<string, number>;
}

export type Rule =
  | 'lost'
  | 'doubled'
  | 'foreign'
  | 'order'
  | 'commit'
  | 'dead-letters'
  | 'redone'
  | 'worker'
  | 'stall'
  | 'harness'
  // Of tables: what events saw, what the changelog holds, what a worker holds that went through the round, and one that restored.
  | 'counted-twice'
  | 'not-counted'
  | 'misordered'
  | 'changelog'
  | 'memory'
  | 'restore'
  | 'open';

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

export function keyOf({ partition, offset }: Place): string {
  return `${partition}@${offset}`;
}
