import { getLogger } from '@logtape/logtape';
import type { TopicPartition } from '../../kafka/index.ts';
import { textOf } from '../../topics/index.ts';
import type { Committer } from '../commit/committer.ts';
import { STAGES } from '../events/stages.ts';
import type { WorkerEvents } from '../events/worker-events.ts';
import type { PartitionTask } from '../task/input.ts';
import { type Standing, standingOf } from './standing.ts';

const log = getLogger(['streamer', 'worker']);
const LOOK_MS = 1_000;

interface Sighting {
  readonly offset: number;
  readonly since: number;
  toldAt: number;
}

/** Tells of whatever has made no progress for too long though there is work: once per interval, for each place where that is so. */
export class StallWatch {
  readonly #warningMs: number;
  readonly #tell: (...stalled: WorkerEvents['stalled']) => void;
  readonly #sightings = new WeakMap<object, Sighting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(warningMs: number, tell: (...stalled: WorkerEvents['stalled']) => void) {
    this.#warningMs = warningMs;
    this.#tell = tell;
  }

  start(tasks: () => readonly PartitionTask[], committer: Committer): void {
    const look = () => {
      for (const task of tasks()) this.#lookAt(task);
      const { underWay } = committer;
      this.#see(committer, underWay, underWay && { stage: 'commit', offset: underWay.offset, key: undefined });
    };
    this.#timer = setInterval(look, Math.min(LOOK_MS, this.#warningMs)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #lookAt(task: PartitionTask): void {
    const { partition, decoding } = task;
    this.#see(task, partition, decoding && { stage: 'decode', offset: decoding.offset, key: decoding.key });
    for (const agent of task.agents) {
      const { oldest } = agent;
      // What has been in hand for too long need not be what the commit waits for.
      if (oldest !== undefined) {
        const standing: Standing = { stage: 'handler', offset: oldest.offset, key: oldest.record.key };
        this.#see(oldest, partition, standing, agent.agent, oldest.startedAt);
      }
      const first = standingOf(agent);
      this.#see(agent, partition, first?.stage === 'handler' ? undefined : first, agent.agent);
    }
  }

  /** Notes where somebody stands, and tells when that has been so for long enough. */
  #see(who: object, where: TopicPartition | undefined, standing: Standing | undefined, agent?: string, since?: number): void {
    if (standing === undefined || where === undefined) {
      this.#sightings.delete(who);
      return;
    }
    const now = Date.now();
    let seen = this.#sightings.get(who);
    if (seen?.offset !== standing.offset || (since !== undefined && since !== seen.since)) {
      seen = { offset: standing.offset, since: since ?? now, toldAt: since ?? now };
      this.#sightings.set(who, seen);
    }
    if (now - seen.toldAt < this.#warningMs) return;
    seen.toldAt = now;
    this.#report(where, standing, agent, now - seen.since);
  }

  #report({ topic, partition }: TopicPartition, { stage, offset, key: bytes }: Standing, agent: string | undefined, forMs: number): void {
    const { is, setting } = STAGES[stage];
    const text = bytes && textOf(bytes);
    const key = typeof text === 'object' ? text?.base64 : text;
    const whose = agent === undefined ? '' : `agent "${agent}": `;
    const named = key === undefined ? '' : ` (key ${JSON.stringify(key)})`;
    log.warning(
      `${whose}${topic}[${partition}]@${offset}${named} ${is}, without progress for ${Math.round(forMs / 1_000)} s; ` +
        `what governs it: ${setting}; stallWarningMs governs this message`,
    );
    this.#tell({ agent, stage, topic, partition, offset, key, forMs, setting });
  }
}
