import { getLogger } from '@logtape/logtape';
import type { TopicPartition } from '../../kafka/index.ts';
import { textOf } from '../../topics/index.ts';
import type { WorkerEvents } from '../events/worker-events.ts';
import type { Input } from '../task/input.ts';
import type { WorkItem } from '../work/work-item.ts';

const log = getLogger(['streamer', 'worker']);
/** A loop that is blocked for a third of the session has missed a heartbeat, and will lose the session if it goes on. */
const SHARE_OF_SESSION = 3;
/** Looks per session. */
const LOOKS = 20;

interface Started {
  readonly agent: string;
  readonly partition: TopicPartition;
  readonly item: WorkItem;
}

/**
 * Notices when the event loop was blocked for so long that heartbeats were late, and names the event that was started last:
 * its handler is the one to look at.
 */
export class LoopWatch {
  readonly #sessionTimeoutMs: number;
  readonly #inputs: () => readonly Input[];
  readonly #tell: (...blocked: WorkerEvents['blocked']) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(sessionTimeoutMs: number, inputs: () => readonly Input[], tell: (...blocked: WorkerEvents['blocked']) => void) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#inputs = inputs;
    this.#tell = tell;
  }

  start(): void {
    const everyMs = Math.ceil(this.#sessionTimeoutMs / LOOKS);
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const blockedMs = now - last - everyMs;
      last = now;
      if (blockedMs * SHARE_OF_SESSION > this.#sessionTimeoutMs) this.#report(Math.round(blockedMs));
    }, everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #report(forMs: number): void {
    const started = this.#lastStarted();
    const bytes = started?.item.origin.key;
    const text = bytes && textOf(bytes);
    const key = typeof text === 'object' ? text?.base64 : text;
    const event = started && { agent: started.agent, ...started.partition, offset: started.item.origin.offset, key };
    log.warning(
      'the event loop was blocked for {blocked} s; without heartbeats for {session} s the group takes the partitions away. {culprit} ' +
        'Do less in one turn, move the work to a worker thread, or raise sessionTimeoutMs.',
      { blocked: (forMs / 1_000).toFixed(1), session: this.#sessionTimeoutMs / 1_000, culprit: culpritOf(event) },
    );
    this.#tell({ forMs, sessionTimeoutMs: this.#sessionTimeoutMs, ...event });
  }

  #lastStarted(): Started | undefined {
    let last: Started | undefined;
    for (const { partition, agents } of this.#inputs()) {
      for (const { agent, lastStarted: item } of agents) {
        if (item !== undefined && item.startedAt >= (last?.item.startedAt ?? 0)) last = { agent, partition, item };
      }
    }
    return last;
  }
}

function culpritOf(
  event: { agent: string; topic: string; partition: number; offset: number | undefined; key: unknown } | undefined,
): string {
  if (event === undefined) return 'No event had been started.';
  const { agent, topic, partition, offset, key } = event;
  const at = `${topic}[${partition}]${offset === undefined ? '' : `@${offset}`}`;
  return `Agent "${agent}" had started ${at}${key === undefined || key === null ? '' : ` (key ${JSON.stringify(key)})`} last.`;
}
