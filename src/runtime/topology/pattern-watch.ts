import type { Agent } from '../../agents/index.ts';
import { asStreamerError, StreamerError } from '../../errors.ts';
import type { KafkaAdmin } from '../../kafka/index.ts';
import { matchSources, type SourceMap } from './source-map.ts';

/** Finds the topics that the agents' patterns match: at the start, and those that appear later. */
export class PatternWatch {
  readonly #agents: readonly Agent[];
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #hasPattern: boolean;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  readonly #warning: (error: StreamerError) => void;
  readonly #tooSlow = new Set<string>();

  constructor(agents: readonly Agent[], admin: () => Promise<KafkaAdmin>, warning: (error: StreamerError) => void) {
    this.#agents = agents;
    this.#warning = warning;
    this.#admin = admin;
    this.#hasPattern = agents.some((agent) => agent.sources.some(({ name }) => typeof name !== 'string'));
  }

  async sources(): Promise<SourceMap> {
    const existing = this.#hasPattern ? await (await this.#admin()).listTopics() : [];
    return matchSources(this.#agents, existing, (pattern, topic) => this.#slow(pattern, topic));
  }

  /** @param found called with all sources when one of them is new; the next look waits for it */
  start(everyMs: number, known: () => SourceMap, found: (all: SourceMap) => Promise<void>): void {
    if (!this.#hasPattern) return;
    const look = async () => {
      if (this.#isBusy) return;
      this.#isBusy = true;
      try {
        const all = await this.sources();
        if (this.#timer !== undefined && [...all.keys()].some((topic) => !known().has(topic))) await found(all);
      } catch (error) {
        this.#warning(asStreamerError(error));
      } finally {
        this.#isBusy = false;
      }
    };
    this.#timer = setInterval(() => void look(), everyMs).unref();
  }

  /** Warns once per pattern and topic. */
  #slow(pattern: RegExp, topic: string): void {
    const what = `the pattern ${pattern} takes too long for the topic "${topic}", which is not read`;
    if (this.#tooSlow.has(what)) return;
    this.#tooSlow.add(what);
    const next = 'Write the pattern without repetitions within repetitions, as (a+)+, or name the topic.';
    this.#warning(new StreamerError('CONFIG', what, { topic, next }));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
