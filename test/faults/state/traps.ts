import { findCoordinator } from '../../../src/wire/apis/group.ts';
import { initProducerId } from '../../../src/wire/apis/transaction.ts';
import { ErrorCode } from '../../../src/wire/error-code.ts';
import { Wire } from '../../helpers/wire.ts';
import { sleep } from '../clock.ts';
import type { TransactionalName } from '../net/transactional.ts';
import { type Deed, Trap } from '../net/trap.ts';
import { persist } from '../system/client.ts';
import type { Fleet } from '../system/fleet.ts';
import type { Worker } from '../system/worker.ts';
import type { Effect, TrapPlan } from './schedule.ts';

/** Longest time for a worker to come to the request: commits follow each other every 50 ms while there is load, but it may have to start first. */
const SPRING_MS = 12_000;
const REPLACEMENT_MS = 500;
const TRANSACTION = 1;

export interface TrapResult {
  readonly effect: Effect;
  readonly request: TransactionalName;
  readonly isSprung: boolean;
}

/** Sets a trap for the workers, and resolves when one has sprung it and its effect is over, or nothing came. */
export async function setTrap(address: string, fleet: Fleet, plan: TrapPlan): Promise<TrapResult> {
  const { effect, request } = plan;
  await sleep(plan.atMs);
  // A worker opens its transactional id once: only a new one, or one that was fenced, does it again.
  const workers = request === 'InitProducerId' ? [await fleet.start()] : fleet.alive;
  let over: Promise<void> = Promise.resolve();
  const set = workers.map((worker) => {
    const trap = new Trap(
      request,
      deedOf(address, worker, plan, (work) => {
        over = work;
      }),
    );
    worker.proxy.set(trap);
    return { worker, trap };
  });
  const found = await sprung(set);
  if (found === undefined) return { effect, request, isSprung: false };
  const { worker } = found;
  if (effect === 'refused' || effect === 'dropped' || effect === 'unanswered') worker.mayBeZombie = true;
  // The work begins when the request, or its answer, has come to its place in the line.
  await sleep(200);
  await over;
  if (worker.isEnding) {
    await sleep(REPLACEMENT_MS);
    await fleet.start();
  }
  return { effect, request, isSprung: true };
}

interface SetTrap {
  readonly worker: Worker;
  readonly trap: Trap;
}

/** The first to be sprung ends the wait for all. */
async function sprung(set: readonly SetTrap[]): Promise<SetTrap | undefined> {
  for (const deadline = Date.now() + SPRING_MS; Date.now() < deadline; await sleep(10)) {
    const found = set.find(({ trap }) => trap.caught !== undefined);
    if (found === undefined) continue;
    for (const { trap } of set) trap.disarm();
    return found;
  }
  for (const { trap } of set) trap.disarm();
  return undefined;
}

function deedOf(address: string, worker: Worker, plan: TrapPlan, begun: (work: Promise<void>) => void): Deed {
  const [what, when] = plan.effect.split('-');
  if (what === 'refused') return { does: 'refuse', errorCode: refusalFor(plan) };
  if (what === 'dropped') return { does: 'drop' };
  if (what === 'unanswered') return { does: 'lose-answer' };
  const work = (id: string): Promise<void> => {
    const running = DEEDS[what as keyof typeof DEEDS](address, worker, plan, id);
    begun(running.over);
    return running.done;
  };
  return { does: when === 'before' ? 'before' : 'after', work };
}

/** `done`: the request, or its answer, goes on. `over`: so has the effect. */
interface Running {
  readonly done: Promise<void>;
  readonly over: Promise<void>;
}

const DEEDS = {
  fenced(address: string, worker: Worker, _: TrapPlan, id: string): Running {
    worker.mayBeZombie = true;
    // A broker that is down meanwhile fences nobody.
    const done = fence(address, id).catch(() => {});
    return { done, over: done };
  },
  killed(_: string, worker: Worker): Running {
    const done = worker.kill();
    return { done, over: done };
  },
  suspended(_: string, worker: Worker, { forMs }: TrapPlan): Running {
    worker.suspend();
    const over = sleep(forMs).then(() => worker.resume());
    return { done: Promise.resolve(), over };
  },
} as const;

/** Takes a transactional id as its next owner would: an open transaction is aborted, and the owner refused from then on. */
export async function fence(address: string, id: string): Promise<void> {
  await persist(async () => {
    const any = await Wire.connect(address.split(',')[0]);
    const { errorCode, host, port } = await any.send(findCoordinator, 2, { key: id, keyType: TRANSACTION });
    any.close();
    if (errorCode !== 0) throw new Error(`transactional id ${id} has no coordinator: error ${errorCode}`);
    const wire = await Wire.connect(`${host}:${port}`);
    try {
      const answer = await wire.send(initProducerId, 3, { transactionalId: id, transactionTimeoutMs: 60_000 });
      if (answer.errorCode !== 0) throw new Error(`fencing ${id}: error ${answer.errorCode}`);
    } finally {
      wire.close();
    }
  }, 10_000);
}

/** Errors that brokers answer to these requests in the ordinary course of things. */
const REFUSALS: Readonly<Record<TransactionalName, readonly number[]>> = {
  InitProducerId: [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NOT_COORDINATOR, ErrorCode.CONCURRENT_TRANSACTIONS],
  AddPartitionsToTxn: [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS],
  Produce: [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.REQUEST_TIMED_OUT],
  AddOffsetsToTxn: [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.COORDINATOR_NOT_AVAILABLE],
  TxnOffsetCommit: [
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.REBALANCE_IN_PROGRESS,
    ErrorCode.ILLEGAL_GENERATION,
  ],
  EndTxn: [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS],
};

function refusalFor({ request, draw }: TrapPlan): number {
  const codes = REFUSALS[request];
  return codes[draw % codes.length] ?? ErrorCode.NOT_COORDINATOR;
}
