import { pathToFileURL } from 'node:url';
import type { Input } from '../../../src/runtime/task/input.ts';
import type { Task } from '../../../src/runtime/task/task.ts';
import type { WorkItem } from '../../../src/runtime/work/work-item.ts';

/**
 * Bugs that the harness must find. They are planted into the classes of the running worker, whose command line's own
 * folder they are loaded from; the package itself has no switch for them.
 */
export const PLANTS = ['commit-before-acknowledgement', 'commit-largest', 'lost-drain'] as const;
export type Plant = (typeof PLANTS)[number];

export async function plant(name: string): Promise<void> {
  const planted: Readonly<Record<string, () => Promise<void>>> = {
    'commit-before-acknowledgement': commitBeforeAcknowledgement,
    'commit-largest': commitLargest,
    'lost-drain': lostDrain,
  };
  const put = planted[name];
  if (put === undefined) throw new Error(`no plant named "${name}"; there are ${PLANTS.join(', ')}`);
  await put();
}

async function runtime<T>(module: string): Promise<T> {
  return import(new URL(`../runtime/${module}.js`, pathToFileURL(String(process.argv[1]))).href);
}

/** An event counts as finished when its handler is through: nothing waits for its outputs. */
async function commitBeforeAcknowledgement(): Promise<void> {
  const { WorkItem } = await runtime<{ WorkItem: { prototype: WorkItem } }>('work/work-item');
  WorkItem.prototype.output = () => () => {};
}

/** What is committed is the end of what was delivered, whatever is finished of it. */
async function commitLargest(): Promise<void> {
  const { Input } = await runtime<{ Input: { prototype: Input } }>('task/input');
  Input.prototype.uncommitted = function (this: Input) {
    return { ...this.partition, offset: this.end, metadata: '' };
  };
}

/** A drain waits for nothing: the queue is dropped, and committed as if it were done. */
async function lostDrain(): Promise<void> {
  const { Input } = await runtime<{ Input: { prototype: Input } }>('task/input');
  const { Task } = await runtime<{ Task: { prototype: Task } }>('task/task');
  const { drain } = Task.prototype;
  const { uncommitted } = Input.prototype;
  const dropped = new WeakSet<Input>();
  Task.prototype.drain = function (this: Task) {
    for (const input of this.inputs) dropped.add(input);
    void drain.call(this);
    return Promise.resolve();
  };
  Input.prototype.uncommitted = function (this: Input) {
    return dropped.has(this) ? { ...this.partition, offset: this.end, metadata: '' } : uncommitted.call(this);
  };
}
