import type { App } from '../../app.ts';
import type { LetterInfo } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import { originOf } from './filter.ts';

/** Where letters of an app are replayed to: the agent that failed, or the one of `--for`. */
export class Addressee {
  readonly #app: App;
  readonly #instead: string | undefined;

  /** @throws CommandError (exit 2) when the app has no agent of that name */
  constructor(app: App, instead: string | undefined) {
    this.#app = app;
    this.#instead = instead;
    if (instead !== undefined && !app.agents.has(instead))
      throw new CommandError(2, `--for: app "${app.id}" has no agent "${instead}"`, { next: `It has: ${this.#names()}.` });
  }

  /** Returns the agent that a letter goes to; undefined for all agents of its topic: its record did not decode. */
  of({ agent }: LetterInfo): string | undefined {
    return agent === undefined ? undefined : (this.#instead ?? agent);
  }

  /** Throws when one of the letters is for an agent that does not exist or does not read the letter's topic. @throws CommandError (exit 2) */
  check(letters: readonly LetterInfo[]): void {
    const lost = letters.filter((letter) => !this.#reads(this.of(letter), letter.topic));
    const [first] = lost;
    if (first === undefined) return;
    const names = [...new Set(lost.map((letter) => `"${this.of(letter)}"`))].join(', ');
    const which =
      lost.length === 1 ? `the letter from ${originOf(first)} is` : `${lost.length} letters, the first from ${originOf(first)}, are`;
    const problem = `${which} for agents that app "${this.#app.id}" does not have, or that do not read the topic: ${names}`;
    const next = `Nothing was sent. Name the agent that is to have them: --for AGENT (it has: ${this.#names()}), or leave them out with --agent.`;
    throw new CommandError(2, problem, { next });
  }

  #reads(name: string | undefined, topic: string | undefined): boolean {
    if (name === undefined || topic === undefined) return true;
    const sources = this.#app.agents.get(name)?.sources ?? [];
    return sources.some((source) => (typeof source.name === 'string' ? source.name === topic : topic.search(source.name) >= 0));
  }

  #names(): string {
    return [...this.#app.agents.keys()].join(', ') || '(none)';
  }
}
