import { checkCommits, checkProgress, checkRedone } from './commits.ts';
import { countForeign, countResults, repeats } from './counts.ts';
import type { Evidence, Violation } from './evidence.ts';
import { Ledger } from './ledger.ts';
import { checkOrder } from './order.ts';

export interface Verdict {
  /** The first few of every rule. */
  readonly violations: readonly Violation[];
  readonly counts: {
    readonly events: number;
    readonly outputs: number;
    readonly deadLetters: number;
    /** Outputs beyond one for each event and topic: repeats, which at-least-once allows. */
    readonly doubles: number;
    readonly observations: number;
    /** Observations with something finished beyond a commit. */
    readonly maps: number;
  };
  /** The first few repeats. */
  readonly repeats: readonly string[];
}

const SHOWN = 5;

/** Judges a round by what an independent reader found. */
export function judge(evidence: Evidence): Verdict {
  const ledger = new Ledger(evidence);
  const checks = [
    countResults(ledger),
    countForeign(ledger),
    checkOrder(ledger),
    checkCommits(ledger),
    checkProgress(evidence),
    checkRedone(ledger),
  ];
  const { input, outputs, letters, observations } = evidence;
  const repeated = [...repeats(ledger)];
  return {
    violations: checks.flatMap(first),
    counts: {
      events: input.length,
      outputs: outputs.length,
      deadLetters: letters.length,
      doubles: repeated.length,
      observations: observations.length,
      maps: observations.filter(({ commits }) => [...commits.values()].some(({ finished }) => finished.size > 0)).length,
    },
    repeats: repeated.slice(0, SHOWN),
  };
}

function first(found: Generator<Violation>): Violation[] {
  const shown: Violation[] = [];
  let more = 0;
  for (const violation of found) {
    if (shown.length < SHOWN) shown.push(violation);
    else more++;
  }
  const last = shown.at(-1);
  return more > 0 && last !== undefined ? [...shown, { rule: last.rule, what: `... and ${more} more` }] : shown;
}

/** What several verdicts of one round have counted. */
export function sumOf(all: ReadonlyArray<Verdict['counts']>): Verdict['counts'] {
  const sum = (name: keyof Verdict['counts']) => all.reduce((total, counts) => total + counts[name], 0);
  return {
    events: sum('events'),
    outputs: sum('outputs'),
    deadLetters: sum('deadLetters'),
    doubles: sum('doubles'),
    observations: sum('observations'),
    maps: sum('maps'),
  };
}
