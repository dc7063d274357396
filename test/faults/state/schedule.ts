import { TRANSACTIONAL, type TransactionalName } from '../net/transactional.ts';
import { Random } from '../random.ts';
import { describePlan, type Kind, type Plan, planWith } from '../schedule.ts';

/** What is done at a request of a transaction. */
export const EFFECTS = {
  refused: "the broker's refusal is answered, and nothing carried out",
  dropped: 'nothing is carried out, and the connection breaks',
  unanswered: 'it is carried out, and the connection breaks before the answer',
  'fenced-before': 'another producer takes the transactional id before it is carried out',
  'fenced-after': 'the same, after it was carried out and before the answer arrives',
  'killed-before': 'the worker is killed (SIGKILL) before it is carried out',
  'killed-after': 'the worker is killed after it was carried out',
  'suspended-before': 'the worker is suspended for longer than its session before it is carried out, and goes on',
  'suspended-after': 'the same, after it was carried out and before the answer arrives',
} as const;
export type Effect = keyof typeof EFFECTS;
const ALL_EFFECTS = Object.keys(EFFECTS) as Effect[];
const REQUESTS = Object.keys(TRANSACTIONAL) as TransactionalName[];

export interface TrapPlan {
  readonly request: TransactionalName;
  readonly effect: Effect;
  /** When it is set, as `Fault.atMs`; the next request of any worker springs it. */
  readonly atMs: number;
  /** How long a suspended worker is. */
  readonly forMs: number;
  /** Picks the error of a refusal. */
  readonly draw: number;
}

export interface StatePlan extends Plan {
  readonly traps: readonly TrapPlan[];
}

/** Faults of `npm run faults` that a counting app can meet; its partitions must not grow, and it asks no model. */
export const STATE_KINDS = ['kill', 'zombie', 'term', 'add', 'cut', 'delay', 'slow-acks'] as const satisfies readonly Kind[];

/** Every effect at every request, one after the other: 54 rounds have them all. */
const PAIRS = ALL_EFFECTS.flatMap((effect) => REQUESTS.map((request) => [effect, request] as const));
/** Coprime to their number: rounds next to each other differ in effect and request. */
const STRIDE = 17;

/** The traps of a seed, and one or two faults more; one round in ten has no other fault. */
export function drawStatePlan(seed: number, options: { readonly isBrokerKilled?: boolean } = {}): StatePlan {
  const random = new Random(seed ^ 0x57a7e);
  const kinds: Kind[] = random.chance(0.1) ? [] : Array.from({ length: random.int(1, 2) }, () => random.pick(STATE_KINDS));
  const pair = PAIRS[(seed * STRIDE) % PAIRS.length];
  if (pair === undefined) throw new Error(`seed ${seed} is not a whole number`);
  const traps = [trapWith(...pair, random)];
  if (random.chance(0.5)) traps.push(trapWith(random.pick(ALL_EFFECTS), random.pick(REQUESTS), random));
  return statePlanWith(seed, options.isBrokerKilled ? [...kinds, 'broker-kill'] : kinds, traps);
}

/** Exactly these faults, at times that the seed draws, and these traps. */
export function statePlanWith(seed: number, kinds: readonly Kind[], traps: readonly TrapPlan[]): StatePlan {
  return { ...planWith(seed, kinds), traps };
}

export function trapWith(effect: Effect, request: TransactionalName, random: Random): TrapPlan {
  return {
    request,
    effect,
    atMs: random.int(300, 3_500),
    forMs: random.int(7_000, 9_000),
    draw: random.int(0, 99),
  };
}

export function describeStatePlan(plan: StatePlan): string {
  const traps = plan.traps.map(({ effect, request, atMs }) => `${effect}:${request}@${atMs}`);
  return [describePlan(plan), ...traps].join(' ');
}
