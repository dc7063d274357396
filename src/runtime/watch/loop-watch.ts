import type { TopicPartition } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { textOf } from '../../topics/index.ts';
import type { WorkerEvents } from '../events/worker-events.ts';
import type { Input } from '../task/input.ts';
import type { StartedItem } from '../work/last-started.ts';
import { type StartedEvent, suspectsOf } from './suspects.ts';

const log = libraryLog('worker');
/** A loop that is blocked for a third of the session has missed a heartbeat, and will lose the session if it goes on. */
const SHARE_OF_SESSION = 3;
/** Looks per session. */
const LOOKS = 20;

/** The event that an agent has started last on a partition, or the one that its handler has had for the longest time. */
interface Started extends StartedEvent {
  readonly agent: string;
  readonly partition: TopicPartition;
  readonly item: StartedItem;
}

/**
 * Notices when the event loop was blocked for so long that heartbeats were late, and names the event whose handler is the one to look at,
 * or those that may be.
 */
export class LoopWatch {
  readonly #sessionTimeoutMs: number;
  readonly #inputs: () => readonly Input[];
  readonly #tell: (...blocked: WorkerEvents['blocked']) => void;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(sessionTimeoutMs: number, inputs: () => readonly Input[], tell: (...blocked: WorkerEvents['blocked']) => void) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#inputs = inputs;
    this.#tell = tell;
    this.#everyMs = Math.ceil(sessionTimeoutMs / LOOKS);
  }

  start(): void {
    const everyMs = this.#everyMs;
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
    const now = Date.now();
    const [first, ...others] = suspectsOf(this.#started(), now - forMs - this.#everyMs, now);
    const bytes = first?.item.origin.key;
    const text = bytes && textOf(bytes);
    const key = typeof text === 'object' ? text?.base64 : text;
    const event = first && { agent: first.agent, ...first.partition, offset: first.item.origin.offset, key };
    const suspects = [...new Set([first, ...others].flatMap((each) => each?.agent ?? []))];
    log.warning(
      'the event loop was blocked for {blocked} s; without heartbeats for {session} s the group takes the partitions away. {culprit} ' +
        'Do less in one turn, move the work to a worker thread, or raise sessionTimeoutMs.',
      {
        blocked: (forMs / 1_000).toFixed(1),
        session: this.#sessionTimeoutMs / 1_000,
        culprit: `${culpritOf(event)}${othersOf(suspects.slice(1))}`,
      },
    );
    this.#tell({ forMs, sessionTimeoutMs: this.#sessionTimeoutMs, ...event, suspects });
  }

  #started(): Started[] {
    return this.#inputs().flatMap(({ partition, agents }) =>
      agents.flatMap(({ agent, lastStarted, oldest, inFlight }) => {
        const parts = { agent, partition, isInFlight: inFlight > 0 };
        const items = new Set<StartedItem>([lastStarted, oldest].filter((item) => item !== undefined));
        return [...items].map((item) => ({ ...parts, item, startedAt: item.startedAt }));
      }),
    );
  }
}

interface Culprit extends TopicPartition {
  readonly agent: string;
  readonly offset: number | undefined;
  readonly key: string | null | undefined;
}

function culpritOf(event: Culprit | undefined): string {
  if (event === undefined) return 'No event was in flight.';
  const { agent, topic, partition, offset, key } = event;
  const at = `${topic}[${partition}]${offset === undefined ? '' : `@${offset}`}`;
  return `Agent "${agent}" was at ${at}${key === undefined || key === null ? '' : ` (key ${JSON.stringify(key)})`}.`;
}

function othersOf(agents: readonly string[]): string {
  return agents.length === 0 ? '' : ` It may also have been ${agents.map((agent) => `"${agent}"`).join(', ')}.`;
}
