import { sleep } from './clock.ts';
import { type Stage, strike } from './faults.ts';
import type { Violation } from './proof/evidence.ts';
import type { Plan } from './schedule.ts';
import type { Broker } from './system/broker.ts';
import { endsOf, persist, withAdmin } from './system/client.ts';
import type { Fleet } from './system/fleet.ts';
import { produceLoad } from './system/load.ts';
import type { Observer } from './system/observer.ts';
import type { LogRecord } from './system/reader.ts';

/** Events of the second input for each of the first. */
const SECOND_SHARE = 0.3;
/** A machine that is busy with other work needs more: milliseconds in FAULTS_COMPLETION_MS. */
const COMPLETION_MS = Number(process.env['FAULTS_COMPLETION_MS'] ?? 60_000);
export const PARTITIONS = 3;

export interface Performance {
  readonly isDone: boolean;
  readonly acknowledged: ReadonlyMap<string, readonly string[]>;
}

/** Starts the workers, until one is ready. Those that met a broker kill of another round meanwhile have ended. */
async function begin(plan: Plan, broker: Broker, fleet: Fleet): Promise<void> {
  for (;;) {
    await broker.up();
    const { kills } = broker;
    const workers = await Promise.all(Array.from({ length: plan.workers }, () => fleet.start()));
    try {
      return await Promise.any(workers.map(async (worker) => void (await worker.ready())));
    } catch (error) {
      if (broker.kills === kills) throw (error as AggregateError).errors[0];
    }
  }
}

/** Was everything committed in time, and which ids has the broker acknowledged, by input? */
export async function perform(
  plan: Plan,
  stage: Stage,
  second: string,
  observer: Observer,
  also: () => ReadonlyArray<Promise<unknown>> = () => [],
): Promise<Performance> {
  const { broker, fleet, input } = stage;
  await begin(plan, broker, fleet);
  const { seed, events, forMs } = plan.load;
  const less = { seed: seed ^ 0x2ec0d, events: Math.ceil(events * SECOND_SHARE), forMs };
  const loads = [
    produceLoad(broker.address, input, plan.load, () => stage.partitions),
    produceLoad(broker.address, second, less, () => PARTITIONS),
  ] as const;
  const faults = [...plan.faults.map((fault) => strike(stage, fault)), ...also()];
  // Whatever fails, the others come to their end before the stage is cleared away.
  await Promise.allSettled([...loads, ...faults]);
  await Promise.all(faults);
  const [loaded, alsoLoaded] = await Promise.all(loads);
  await fleet.ensureOne();
  const acknowledged = new Map([
    [input, loaded],
    [second, alsoLoaded],
  ]);
  return { isDone: await completed(broker, [...acknowledged.keys()], observer), acknowledged };
}

/** Resolves with true when everything is committed that the inputs hold now, and with false when that takes too long. */
export async function completed(broker: Broker, inputs: readonly string[], observer: Observer): Promise<boolean> {
  const ends = await withAdmin(broker.address, (admin) =>
    Promise.all(inputs.map(async (topic) => [topic, await persist(() => endsOf(admin, topic))] as const)),
  );
  const isDone = () => ends.every(([topic, end]) => observer.isDone(topic, end));
  let { kills } = broker;
  for (let deadline = Date.now() + COMPLETION_MS; Date.now() < deadline; await sleep(50)) {
    if (isDone()) return true;
    if (broker.kills === kills) continue;
    // A round beside this one had the broker killed: that was the last fault.
    await broker.up();
    ({ kills } = broker);
    deadline = Date.now() + COMPLETION_MS;
  }
  return false;
}

/** What the broker has acknowledged must be in the input: also after it was killed. */
export function missing(
  acknowledged: readonly string[],
  records: ReadonlyArray<Pick<LogRecord, 'topic' | 'headers'>>,
  input: string,
): Violation[] {
  const arrived = new Set(records.filter(({ topic }) => topic === input).map(({ headers }) => headers['id']));
  const gone = acknowledged.filter((id) => !arrived.has(id));
  if (gone.length === 0) return [];
  return [
    { rule: 'lost', what: `the broker acknowledged ${gone.length} records that are not in the input: ${gone.slice(0, 10).join(', ')}` },
  ];
}

export async function stall(brokers: string, input: string, observer: Observer): Promise<Violation> {
  const ends = await withAdmin(brokers, (admin) => endsOf(admin, input));
  const commits = observer.observations.get(input)?.at(-1)?.commits;
  const where = [...ends].map(([partition, end]) => `${partition}: ${commits?.get(partition)?.offset ?? 'none'} of ${end}`);
  return { rule: 'stall', what: `${input}: not everything was committed ${COMPLETION_MS} ms after the last fault (${where.join(', ')})` };
}

export async function cleanUp(brokers: string, id: string, topics: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [...topics] });
    await admin.deleteGroups([id]);
  }).catch(() => {
    // What a broken round leaves behind has names of its own.
  });
}
