import type { Agent } from '../../agents/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Readable } from '../../topics/index.ts';
import { isInternalTopic } from '../output/letters/dead-letters.ts';
import { matching } from './matching.ts';

/** For every topic read: how it is decoded, and the agents that read it. */
export type SourceMap = Map<string, { readonly readable: Readable<unknown, unknown>; readonly agents: string[] }>;

/** Called for a pattern that takes too long for a topic: the topic then does not match. */
export type OnSlowPattern = (pattern: RegExp, topic: string) => void;

/** @param existing names of the topics that patterns may match */
export function matchSources(agents: readonly Agent[], existing: readonly string[], onSlow: OnSlowPattern = () => {}): SourceMap {
  const map: SourceMap = new Map();
  for (const agent of agents) {
    for (const source of agent.sources) {
      for (const topic of topicsOf(source, existing, onSlow)) {
        const entry = map.get(topic);
        if (entry === undefined) map.set(topic, { readable: source, agents: [agent.name] });
        else if (entry.readable.serdes !== source.serdes)
          throw new ConfigError(`topic "${topic}" is read through two declarations; declare it once`);
        else if (!entry.agents.includes(agent.name)) entry.agents.push(agent.name);
      }
    }
  }
  return map;
}

function topicsOf(source: Readable<unknown, unknown>, existing: readonly string[], onSlow: OnSlowPattern): readonly string[] {
  const { name } = source;
  if (typeof name === 'string') return [name];
  const { names, tooSlow } = matching(
    name,
    existing.filter((topic) => !isInternalTopic(topic)),
  );
  for (const topic of tooSlow) onSlow(name, topic);
  return names;
}
