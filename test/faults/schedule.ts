import { Random } from './random.ts';
import type { LoadPlan } from './system/load.ts';

/** What can be done to a running system. */
export const KINDS = {
  kill: 'a worker is killed (SIGKILL)',
  zombie: 'a worker is suspended for longer than its session, and goes on (SIGSTOP, SIGCONT)',
  term: 'a worker is asked to end (SIGTERM)',
  add: 'a worker is added',
  cut: "a worker's connections to the brokers break, and new ones are refused for a while",
  delay: 'all that a worker and the brokers say to each other takes longer',
  'slow-acks': "a worker's produce requests take long to reach the broker",
  'model-kill': 'the model server is killed, and comes back',
  grow: 'the input topic gets one partition more',
  'broker-kill': 'the broker is killed (SIGKILL) and started again on its data',
  'leader-kill': 'the node that coordinates the group and leads partitions is killed (SIGKILL), and comes back',
} as const;
export type Kind = keyof typeof KINDS;
/** In these nothing fails: partitions are drained, committed and handed over, and nothing may be there twice. */
export const ORDERLY: ReadonlySet<Kind> = new Set(['term', 'add', 'grow']);
export const ALL_KINDS = Object.keys(KINDS) as Kind[];
/** Done to the broker itself: only where it is known how. */
export const BROKER_KINDS: ReadonlySet<Kind> = new Set(['broker-kill', 'leader-kill']);

export interface Fault {
  readonly kind: Kind;
  /** After the first worker is ready and the load has begun. */
  readonly atMs: number;
  readonly forMs: number;
  /** Picks the worker among those that are alive then. */
  readonly target: number;
  /** A new worker takes the place of one that has gone. */
  readonly isReplaced: boolean;
}

export interface Plan {
  readonly seed: number;
  readonly workers: number;
  readonly load: LoadPlan;
  /** In the order in which the faults were drawn, which their times depend on. */
  readonly kinds: readonly Kind[];
  readonly faults: readonly Fault[];
}

/** One to three faults of these kinds; one round in ten has none. The same seed gives the same plan. */
export function drawPlan(seed: number, kinds: readonly Kind[]): Plan {
  const random = new Random(seed);
  const count = random.chance(0.1) ? 0 : random.int(1, 3);
  return planWith(
    seed,
    Array.from({ length: kinds.length === 0 ? 0 : count }, () => random.pick(kinds)),
  );
}

/** Exactly these faults, at times that the seed draws. */
export function planWith(seed: number, kinds: readonly Kind[]): Plan {
  const random = new Random(seed ^ 0xfa017);
  const load = { seed, events: random.int(450, 900), forMs: 4_000 };
  const workers = random.int(2, 3);
  const faults = kinds.map((kind) => drawFault(kind, random)).sort((a, b) => a.atMs - b.atMs);
  return { seed, workers, load, kinds, faults };
}

function drawFault(kind: Kind, random: Random): Fault {
  const [low, high] = DURATIONS[kind] ?? [0, 0];
  return { kind, atMs: random.int(300, 3_500), forMs: random.int(low, high), target: random.int(0, 99), isReplaced: random.chance(0.6) };
}

/** Milliseconds. A suspended worker outlives its session of 6 s; cuts and delays do not on purpose. */
const DURATIONS: Partial<Record<Kind, readonly [low: number, high: number]>> = {
  zombie: [7_000, 9_000],
  cut: [200, 3_000],
  delay: [500, 3_000],
  'slow-acks': [1_000, 3_000],
  'model-kill': [500, 3_000],
};

export function describePlan({ seed, workers, load, faults }: Plan): string {
  const list = faults.map(({ kind, atMs, forMs, target }) => `${kind}@${atMs}${forMs > 0 ? `+${forMs}` : ''}#${target}`);
  return `seed ${seed}: ${workers} workers, ${load.events} events, ${list.join(' ') || 'no fault'}`;
}
