import type { Violation } from '../../proof/evidence.ts';
import { COUNTERS } from '../app/entry.ts';
import type { Contents, SeenTally, StateEvidence } from './evidence.ts';
import { type Expected, expectedOf, prefixKey, seenKey } from './expected.ts';

const SHOWN = 5;

/** Compares what the tables hold, in the changelog and in memory, and what events saw, with the inputs counted in order. */
export function judgeState(evidence: StateEvidence): Violation[] {
  const expected = expectedOf(evidence.events);
  if (!evidence.isComplete) {
    const checks = [compareAnswers(evidence.answers, expected), comparePrefixes(evidence.changelogs, expected), checkLetters(evidence)];
    return checks.flatMap((found) => firstOf([...found]));
  }
  const checks = [
    compareAnswers(evidence.answers, expected),
    ...evidence.changelogs.map((contents) => compare(contents, expected, 'the changelog', 'changelog')),
    ...evidence.memories.map((memory) =>
      compare(memory, expected, `${memory.by} (${memory.kind})`, memory.kind === 'fresh' ? 'restore' : 'memory'),
    ),
    checkMissing(evidence, expected),
    checkLetters(evidence),
    checkOpen(evidence),
  ];
  return checks.flatMap((found) => firstOf([...found]));
}

/** The first few of every rule. */
function firstOf(found: readonly Violation[]): Violation[] {
  const rules = new Set(found.map(({ rule }) => rule));
  return [...rules].flatMap((rule) => {
    const own = found.filter((violation) => violation.rule === rule);
    const more = own.length - SHOWN;
    return more > 0 ? [...own.slice(0, SHOWN), { rule, what: `... and ${more} more` }] : own;
  });
}

/** Whatever was tried again or dropped: an event sees all the events of its key before it, once each, in their order. */
function* compareAnswers(answers: readonly SeenTally[], { seen }: Expected): Generator<Violation> {
  for (const { agent, by, n, h, ...place } of answers) {
    const tally = seen.get(seenKey(place));
    if (tally === undefined || (tally.n === n && tally.h === h)) continue;
    const kind = n > tally.n ? 'counted-twice' : n < tally.n ? 'not-counted' : 'misordered';
    yield { rule: kind, what: `${agent}, ${seenKey(place)}, by ${by}: saw ${n} (${h}), should be ${tally.n} (${tally.h})` };
  }
}

function* compare(
  { table, partition, entries }: Contents,
  { tables }: Expected,
  where: string,
  rule: 'changelog' | 'restore' | 'memory',
): Generator<Violation> {
  const wanted = tables.get(table)?.get(partition) ?? new Map<string, string>();
  for (const [key, text] of wanted) {
    const found = entries.get(key);
    if (found !== text) yield { rule, what: `${table}[${partition}], key ${key}: ${where} has ${found ?? 'nothing'}, should be ${text}` };
  }
  for (const [key, text] of entries) {
    if (!wanted.has(key)) yield { rule, what: `${table}[${partition}], key ${key}: ${where} has ${text}, should have nothing` };
  }
}

function* comparePrefixes(changelogs: readonly Contents[], { prefixes }: Expected): Generator<Violation> {
  for (const { table, partition, entries } of changelogs) {
    for (const [key, text] of entries) {
      if (!prefixes.has(prefixKey(table, partition, key, text)))
        yield { rule: 'changelog', what: `${table}[${partition}], key ${key}: the changelog has ${text}, which was never right` };
    }
  }
}

/** Nothing was compared where nothing was read: all partitions of all tables must have been. */
function* checkMissing({ changelogs, memories }: StateEvidence, { tables }: Expected): Generator<Violation> {
  for (const [table, partitions] of tables) {
    for (const partition of partitions.keys()) {
      const isOf = (contents: Contents) => contents.table === table && contents.partition === partition;
      if (!changelogs.some(isOf)) yield { rule: 'harness', what: `the changelog of ${table}[${partition}] was not read` };
      for (const kind of ['living', 'fresh'] as const) {
        if (!memories.some((memory) => memory.kind === kind && isOf(memory)))
          yield { rule: 'harness', what: `no ${kind} worker has shown ${table}[${partition}]` };
      }
    }
  }
}

/** No event of these rounds is refused after it has finished: its letter says that its writes are gone. */
function* checkLetters({ letters }: StateEvidence): Generator<Violation> {
  const agents = new Set<string>(COUNTERS.map(({ agent }) => agent));
  for (const { agent, state, source, partition, offset } of letters) {
    if (agent !== undefined && agents.has(agent) && state !== 'none')
      yield {
        rule: 'dead-letters',
        what: `the letter of ${source} ${partition}@${offset}, agent ${agent}, says state=${state ?? 'nothing'}`,
      };
  }
}

function* checkOpen({ open }: StateEvidence): Generator<Violation> {
  for (const [topic, records] of open) {
    if (records > 0) yield { rule: 'open', what: `${topic}: ${records} records of a transaction that nobody has ended` };
  }
}
