import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadLetter, each, retry } from '../../../src/agents/index.ts';
import { KafkaError } from '../../../src/errors.ts';
import { decodeCommit } from '../../../src/runtime/offsets/commit-metadata.ts';
import type { TaskCut } from '../../../src/runtime/task/task-cut.ts';
import { type Deferred, deferred } from '../../../src/timing/index.ts';
import { type Counts, counts, out, type StateTask, stateTask, turn } from '../support/tables.ts';

const refusal = new KafkaError('refused', 'too large', { kafkaCode: 'MESSAGE_TOO_LARGE' });
const twice = retry({ attempts: 2, delayMs: 0, maxDelayMs: 0 } as never).otherwise(deadLetter());

type Step =
  | { readonly do: 'deliver'; readonly key: string }
  | { readonly do: 'end'; readonly at: number; readonly fails: boolean }
  | { readonly do: 'acknowledge'; readonly at: number; readonly refuses: boolean }
  | { readonly do: 'cut' | 'commit' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('deliver' as const), key: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ do: fc.constant('end' as const), at: fc.nat(8), fails: fc.boolean() }),
  fc.record({ do: fc.constant('end' as const), at: fc.nat(8), fails: fc.constant(false) }),
  fc.record({ do: fc.constant('acknowledge' as const), at: fc.nat(8), refuses: fc.boolean() }),
  fc.record({ do: fc.constantFrom('cut' as const, 'commit' as const) }),
);

/** Depends on the order of the events of a key, and on each of them. */
function fold(value: number | undefined, offset: number): number {
  return ((value ?? 0) * 31 + offset + 1) % 1_000_003;
}

/** A task whose handlers end when a step says so, and what has to be true of every cut of it that is committed. */
class Stage {
  readonly #task: StateTask;
  readonly #keys: string[] = [];
  /** Handlers at work. */
  readonly #held: Deferred<void>[];
  /** Offsets of the events that each output belongs to, and the outputs that are acknowledged or refused. */
  readonly #outputs: ReadonlyArray<readonly number[]>;
  readonly #answered = new Set<number>();
  #cut: { readonly cut: TaskCut; isAcknowledged: boolean } | undefined;

  constructor(task: StateTask, held: Deferred<void>[], outputs: ReadonlyArray<readonly number[]>) {
    this.#task = task;
    this.#held = held;
    this.#outputs = outputs;
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'deliver') {
      this.#keys.push(step.key);
      await this.#task.deliver(`${step.key}=x`);
    } else if (step.do === 'end') {
      const [gate] = this.#held.splice(step.at % Math.max(1, this.#held.length), 1);
      if (step.fails) gate?.reject(new Error('no'));
      else gate?.resolve();
    } else if (step.do === 'acknowledge') {
      this.#answer(step.at, step.refuses);
    } else if (step.do === 'cut') {
      this.#begin();
    } else {
      await this.#commit();
    }
    for (let turns = 0; turns < 3; turns++) await turn();
  }

  /** Lets everything end, and commits it. Returns how much of it is in the last commit. */
  async finish(): Promise<number> {
    while (this.#held.length > 0 || this.#task.input.position < this.#keys.length) {
      if (this.#held.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await this.run({ do: 'end', at: 0, fails: false });
    }
    while (this.#answered.size < this.#outputs.length) this.#answer(0, false);
    await turn();
    await this.run({ do: 'commit' });
    await this.run({ do: 'cut' });
    await this.run({ do: 'commit' });
    return this.#task.input.position;
  }

  get delivered(): number {
    return this.#keys.length;
  }

  #answer(at: number, refuses: boolean): void {
    const open = this.#task.acknowledge.flatMap((_, index) => (this.#answered.has(index) ? [] : [index]));
    const index = open[at % Math.max(1, open.length)];
    if (index === undefined) return;
    this.#answered.add(index);
    this.#task.acknowledge[index]?.(refuses ? refusal : undefined);
  }

  #begin(): void {
    const cut = this.#cut === undefined ? this.#task.task.cut() : undefined;
    if (cut === undefined) return;
    const begun = { cut, isAcknowledged: cut.acknowledged === undefined };
    void cut.acknowledged?.then(() => (begun.isAcknowledged = true));
    this.#cut = begun;
  }

  async #commit(): Promise<void> {
    if (this.#cut === undefined) return;
    const finished = this.#finishedIn(this.#cut.cut);
    const unanswered = this.#outputs.filter(
      (offsets, index) => !this.#answered.has(index) && offsets.some((offset) => finished.has(offset)),
    );
    expect(this.#cut.isAcknowledged).toBe(unanswered.length === 0);
    if (!this.#cut.isAcknowledged) return;
    await this.#cut.cut.state?.promote();
    this.#task.task.committed(this.#cut.cut);
    this.#cut = undefined;
    this.#check(finished);
  }

  #finishedIn({ offsets: [commit] }: TaskCut): Set<number> {
    const offset = commit?.offset ?? 0;
    const beyond = decodeCommit(offset, commit?.metadata ?? null).finished.get('work') ?? [];
    const isFinished = (at: number) => at < offset || beyond.some(([start, end]) => at >= start && at < end);
    return new Set(this.#keys.flatMap((_, at) => (isFinished(at) ? [at] : [])));
  }

  /** What is committed is what the finished events make, in their order, and nothing else. */
  #check(finished: ReadonlySet<number>): void {
    const dropped = new Set(this.#task.letters.flatMap(({ state, record }) => (state === 'none' ? [record.offset] : [])));
    const expected: Record<string, number> = {};
    for (const [offset, key] of this.#keys.entries()) {
      if (finished.has(offset) && !dropped.has(offset)) expected[key] = fold(expected[key], offset);
    }
    const base = this.#task.task.state?.shards.get('counts')?.shard.base;
    const committed = Object.fromEntries([...(base?.entries() ?? [])].map(({ key, value }) => [String(key), value.readDoubleBE()]));
    expect(committed).toEqual(expected);
  }
}

type Make = (table: Counts, gate: () => Promise<void>, emit: (offsets: readonly number[]) => void) => Promise<StateTask>;

const handler: Make = (table, gate, emit) =>
  stateTask(
    [table],
    each(async (_value, { key, offset }) => {
      const before = table.get(key);
      await gate();
      table.set(key, fold(before, offset));
      emit([offset]);
      return 1;
    }),
    { to: out, onError: twice, queueRecords: 10_000 },
  );

const batches: Make = (table, gate, emit) =>
  stateTask(
    [table],
    async function* (stream) {
      for await (const batch of stream.take(3, 0)) {
        for (const { key, offset } of batch) table.set(key, fold(table.get(key), offset));
        await gate();
        emit(batch.map(({ offset }) => offset));
        yield 1;
      }
    },
    { to: out, onError: twice, queueRecords: 10_000, concurrency: 3 },
  );

describe('every committed cut holds what its finished events have written, and nothing else', () => {
  it.each([
    ['of handlers that end in any order, fail and are tried again', handler],
    ['of batches that are taken together, fail and are taken apart', batches],
  ])('%s', async (_name, make) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const held: Deferred<void>[] = [];
        const outputs: Array<readonly number[]> = [];
        const gate = () => {
          const own = deferred<void>();
          held.push(own);
          return own.promise;
        };
        const stage = new Stage(await make(counts(), gate, (offsets) => void outputs.push(offsets)), held, outputs);
        for (const each of steps) await stage.run(each);
        expect(await stage.finish()).toBe(stage.delivered);
      }),
      { numRuns: 150 },
    );
  });
});
