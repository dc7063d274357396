import type { CommittedOffset, TopicPartition } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { textOf } from '../../topics/index.ts';
import { STAGES } from '../events/stages.ts';
import type { WorkerEvents } from '../events/worker-events.ts';
import type { Input } from '../task/input.ts';
import { type Standing, standingOf } from './standing.ts';

const log = libraryLog('worker');
const LOOK_MS = 1_000;

interface Sighting {
  readonly offset: number | undefined;
  readonly since: number;
  toldAt: number;
}

/** Reports each place that has made no progress for too long though there is work: once per interval while that is so. */
export class StallWatch {
  readonly #warningMs: number;
  readonly #tell: (...stalled: WorkerEvents['stalled']) => void;
  readonly #sightings = new WeakMap<object, Sighting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(warningMs: number, tell: (...stalled: WorkerEvents['stalled']) => void) {
    this.#warningMs = warningMs;
    this.#tell = tell;
  }

  start(inputs: () => readonly Input[], committer: { readonly underWay: CommittedOffset | undefined }): void {
    const look = () => {
      for (const input of inputs()) this.#lookAt(input);
      const { underWay } = committer;
      this.#see(committer, underWay, underWay && { stage: 'commit', offset: underWay.offset, key: undefined });
    };
    this.#timer = setInterval(look, Math.min(LOOK_MS, this.#warningMs)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #lookAt(input: Input): void {
    const { partition, decoding } = input;
    this.#see(input, partition, decoding && { stage: 'decode', offset: decoding.offset, key: decoding.key });
    for (const agent of input.agents) {
      const { oldest } = agent;
      // The event that has been in flight for too long need not be the one that the commit waits for.
      if (oldest !== undefined) {
        const standing: Standing = { stage: 'handler', offset: oldest.origin.offset, key: oldest.origin.key };
        this.#see(oldest, partition, standing, agent.agent, oldest.startedAt);
      }
      const first = standingOf(agent);
      this.#see(agent, partition, first?.stage === 'handler' ? undefined : first, agent.agent);
    }
  }

  /** Notes where a place stands, and reports it once that has been so for long enough. */
  #see(who: object, where: TopicPartition | undefined, standing: Standing | undefined, agent?: string, since?: number): void {
    if (standing === undefined || where === undefined) {
      this.#sightings.delete(who);
      return;
    }
    const now = Date.now();
    let seen = this.#sightings.get(who);
    if (seen === undefined || seen.offset !== standing.offset || (since !== undefined && since !== seen.since)) {
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
      '{whose}{topic}[{partition}]{at}{named} {is}, without progress for {seconds} s; what governs it: {setting}; ' +
        'stallWarningMs governs this message',
      { whose, topic, partition, at: offset === undefined ? '' : `@${offset}`, named, is, seconds: Math.round(forMs / 1_000), setting },
    );
    this.#tell({ agent, stage, topic, partition, offset, key, forMs, setting });
  }
}
