import type { Admin } from 'kafkajs';
import { sleep } from './clock.ts';
import type { Fault, Kind } from './schedule.ts';
import type { Broker } from './system/broker.ts';
import { endsOf, persist, withAdmin } from './system/client.ts';
import type { Fleet } from './system/fleet.ts';
import type { ModelServer } from './system/model.ts';

/** What faults are done to. */
export interface Stage {
  readonly broker: Broker;
  readonly fleet: Fleet;
  readonly model: ModelServer | undefined;
  readonly input: string;
  readonly group: string;
  /** Partitions of the input, for the load. */
  partitions: number;
  /** Settles when the input has grown as far as it was told to so far. */
  grown?: Promise<void>;
}

const REPLACEMENT_MS = 500;
/** Time for a worker that comes back to do whatever harm it can. */
const AFTERMATH_MS = 1_500;

type Action = (stage: Stage, fault: Fault) => Promise<void>;

/** Each resolves when its fault is over. */
const ACTIONS: Readonly<Record<Kind, Action>> = {
  async kill({ fleet }, { target, isReplaced }) {
    await fleet.pick(target)?.kill();
    await replace(fleet, isReplaced);
  },
  async zombie({ fleet }, { target, forMs }) {
    const worker = fleet.pick(target);
    if (worker === undefined) return;
    worker.suspend();
    await sleep(forMs);
    worker.resume();
    await sleep(AFTERMATH_MS);
  },
  async term({ fleet }, { target, isReplaced }) {
    const worker = fleet.pick(target);
    await Promise.all([worker === undefined ? undefined : fleet.terminate(worker), replace(fleet, isReplaced)]);
  },
  async add({ fleet }) {
    await fleet.start();
  },
  async cut({ fleet }, { target, forMs }) {
    const worker = fleet.pick(target);
    if (worker === undefined) return;
    worker.mayBeZombie = true;
    worker.proxy.cut();
    await sleep(forMs);
    worker.proxy.mend();
  },
  async delay({ fleet }, { target, forMs }) {
    const worker = fleet.pick(target);
    if (worker === undefined) return;
    worker.mayBeZombie = true;
    worker.proxy.slow({ latencyMs: 50 + (target % 4) * 100 });
    await sleep(forMs);
    worker.proxy.mend();
  },
  async 'slow-acks'({ fleet }, { target, forMs }) {
    const worker = fleet.pick(target);
    worker?.proxy.slow({ produceMs: 300 + (target % 4) * 200 });
    await sleep(forMs);
    worker?.proxy.mend();
  },
  async 'model-kill'({ model }, { forMs }) {
    await model?.kill();
    await sleep(forMs);
    await model?.restart();
  },
  async grow(stage) {
    const { broker, input, fleet } = stage;
    const grow = async () => {
      const count = stage.partitions + 1;
      const topicPartitions = [{ topic: input, count }];
      // A broker that is killed may have done it and not said so.
      const ask = (admin: Admin) => async () =>
        (await endsOf(admin, input)).size >= count || (await admin.createPartitions({ topicPartitions }));
      await withAdmin(broker.address, (admin) => persist(ask(admin)));
      stage.partitions = count;
    };
    // One after the other: each asks for one more than there are.
    stage.grown = (stage.grown ?? Promise.resolve()).then(grow);
    await stage.grown;
    // A group takes up new partitions when it next rebalances, or with the next refresh of its metadata.
    await sleep(REPLACEMENT_MS);
    await fleet.start();
  },
  async 'broker-kill'({ broker, fleet }) {
    if (broker.killAndRestart === undefined) throw new Error('this broker cannot be killed and started again');
    for (const worker of fleet.workers) worker.mayBeZombie = true;
    await broker.killAndRestart();
  },
  async 'leader-kill'({ broker, fleet, group }) {
    if (broker.killNode === undefined) throw new Error('of this broker no node can be killed');
    for (const worker of fleet.workers) worker.mayBeZombie = true;
    await broker.killNode(group);
  },
};

export async function strike(stage: Stage, fault: Fault): Promise<void> {
  await sleep(fault.atMs);
  await ACTIONS[fault.kind](stage, fault);
}

async function replace(fleet: Fleet, isWanted: boolean): Promise<void> {
  if (!isWanted && fleet.alive.length > 0) return;
  await sleep(REPLACEMENT_MS);
  await fleet.start();
}
