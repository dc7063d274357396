import { cpus, totalmem } from 'node:os';
import type { RoundResult } from './round.ts';
import { ALL_KINDS } from './schedule.ts';

/** The figures of a run. Times in milliseconds. */
export function summarize(results: readonly RoundResult[], startedAt: Date): Record<string, unknown> {
  const sum = (of: (result: RoundResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const failed = results.filter(({ violations }) => violations.length > 0);
  const times = results.map(({ ms }) => ms).sort((a, b) => a - b);
  const faults = ALL_KINDS.map((kind) => [kind, sum(({ plan }) => plan.faults.filter((fault) => fault.kind === kind).length)] as const);
  return {
    rounds: results.length,
    failed: failed.length,
    failedSeeds: failed.map(({ plan }) => plan.seed),
    faults: Object.fromEntries(faults.filter(([, count]) => count > 0)),
    roundsWithoutRepeats: results.filter(({ counts }) => counts.doubles === 0).length,
    workers: sum(({ workers }) => workers),
    events: sum(({ counts }) => counts.events),
    outputs: sum(({ counts }) => counts.outputs),
    deadLetters: sum(({ counts }) => counts.deadLetters),
    repeatedOutputs: sum(({ counts }) => counts.doubles),
    commitsRead: sum(({ counts }) => counts.observations),
    commitsWithMap: sum(({ counts }) => counts.maps),
    roundMs: { median: times[times.length >> 1] ?? 0, longest: times.at(-1) ?? 0 },
    startedAt: startedAt.toISOString(),
    ms: Date.now() - startedAt.getTime(),
    machine: {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpus: cpus().length,
      memoryMiB: Math.round(totalmem() / 2 ** 20),
    },
  };
}

/** A line for each round. */
export function lineOf({ plan, ms, violations, counts, brokerKills }: RoundResult): string {
  const kinds = plan.faults.map(({ kind }) => kind).join(' ') || 'no fault';
  const kills = brokerKills > 0 ? `, broker killed ${brokerKills} times` : '';
  const end = violations.length === 0 ? 'ok' : `${violations.length} violations`;
  return `seed ${plan.seed}  ${kinds}${kills}  ${counts.events} events, ${counts.doubles} outputs repeated, ${counts.observations} commits read  ${(ms / 1_000).toFixed(1)} s  ${end}`;
}
