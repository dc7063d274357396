import type { Agent } from '../../agents/index.ts';
import { asStreamerError, type StreamerError } from '../../errors.ts';
import type { KafkaAdmin } from '../../kafka/index.ts';
import { matchSources, type SourceMap } from './source-map.ts';

/** Finds the topics that the agents' patterns match: at the start, and those that appear later. */
export class PatternWatch {
  readonly #agents: readonly Agent[];
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #hasPattern: boolean;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(agents: readonly Agent[], admin: () => Promise<KafkaAdmin>) {
    this.#agents = agents;
    this.#admin = admin;
    this.#hasPattern = agents.some((agent) => agent.sources.some(({ name }) => typeof name !== 'string'));
  }

  async sources(): Promise<SourceMap> {
    return matchSources(this.#agents, this.#hasPattern ? await (await this.#admin()).listTopics() : []);
  }

  /** @param found called with all sources when one of them is new; the next look waits for it */
  start(everyMs: number, known: () => SourceMap, found: (all: SourceMap) => Promise<void>, warning: (error: StreamerError) => void): void {
    if (!this.#hasPattern) return;
    const look = async () => {
      if (this.#isBusy) return;
      this.#isBusy = true;
      try {
        const all = await this.sources();
        if (this.#timer !== undefined && [...all.keys()].some((topic) => !known().has(topic))) await found(all);
      } catch (error) {
        warning(asStreamerError(error));
      } finally {
        this.#isBusy = false;
      }
    };
    this.#timer = setInterval(() => void look(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
