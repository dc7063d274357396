import type { Agent } from '../../agents/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Readable } from '../../topics/index.ts';
import { isInternalTopic } from '../output/letters/dead-letters.ts';

/** For every topic read: how it is decoded, and the agents that read it. */
export type SourceMap = Map<string, { readonly readable: Readable<unknown, unknown>; readonly agents: string[] }>;

/** @param existing names of the topics that patterns may match */
export function matchSources(agents: readonly Agent[], existing: readonly string[]): SourceMap {
  const map: SourceMap = new Map();
  for (const agent of agents) {
    for (const source of agent.sources) {
      for (const topic of topicsOf(source, existing)) {
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

function topicsOf(source: Readable<unknown, unknown>, existing: readonly string[]): string[] {
  const { name } = source;
  if (typeof name === 'string') return [name];
  return existing.filter((topic) => !isInternalTopic(topic) && topic.search(name) >= 0);
}
