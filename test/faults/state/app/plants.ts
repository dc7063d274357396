import { pathToFileURL } from 'node:url';
import type { Transactional } from '../../../../src/runtime/commit/transactional.ts';
import type { Task } from '../../../../src/runtime/task/task.ts';
import { sleep } from '../../clock.ts';

/** Bugs in what a worker decides; those that show in what it asks for are planted by the proxy (net/rewrites.ts). */
export const STATE_PLANTS = ['later-offsets', 'stale-shard'] as const;

export async function plantState(name: string): Promise<void> {
  const planted: Readonly<Record<string, () => Promise<void>>> = {
    'later-offsets': laterOffsets,
    'stale-shard': staleShard,
  };
  const put = planted[name];
  if (put === undefined) throw new Error(`no plant named "${name}"; there are ${STATE_PLANTS.join(', ')}`);
  await put();
}

async function runtime<T>(module: string): Promise<T> {
  return import(new URL(`../runtime/${module}.js`, pathToFileURL(String(process.argv[1]))).href);
}

/** The offsets are those of the moment in which the transaction is written; the entries are those of the cut. */
async function laterOffsets(): Promise<void> {
  const { Transactional: planted } = await runtime<{ Transactional: { prototype: Transactional } }>('commit/transactional');
  const { commit } = planted.prototype;
  planted.prototype.commit = async function (this: Transactional, cut) {
    await sleep(20);
    const tasks = [...cut.tasks].map(([task, own]) => {
      const offsets = task.inputs.flatMap((input) => input.uncommitted(own.state?.numbers) ?? []);
      return [task, { ...own, offsets: offsets.length === 0 ? own.offsets : offsets }] as const;
    });
    await commit.call(this, { ...cut, tasks: new Map(tasks) });
  };
}

/** A partition that comes back to a worker finds the entries that it left, whoever has had it meanwhile. */
async function staleShard(): Promise<void> {
  const { Task: planted } = await runtime<{ Task: { prototype: Task } }>('task/task');
  const { run } = planted.prototype;
  const left = new Map<string, Task>();
  planted.prototype.run = function (this: Task) {
    const id = this.inputs.map(({ partition: { topic, partition } }) => `${topic}/${partition}`).join();
    const before = left.get(id);
    left.set(id, this);
    if (before?.isRestored === true && before !== this) {
      for (const [name, { shard, number }] of before.state?.shards ?? []) {
        const own = this.state?.shards.get(name);
        if (own === undefined) continue;
        own.number = this.inputs[0]?.start.numbers?.get(name) ?? number;
        for (const { key, value } of shard.entries()) own.shard.base.set(key, value);
      }
      Object.defineProperty(this, 'isRestored', { value: true });
    }
    return run.call(this);
  };
}
