import type { Agent } from '../agents/index.ts';
import type { App } from '../app.ts';

export const AGENT_HEADER = ['agent', 'source', 'to', 'order', 'lanes', 'on error'] as const;

export interface AgentRow {
  readonly name: string;
  readonly behaviour: string;
  readonly sources: readonly string[];
  readonly to: readonly string[];
  readonly order: string;
  /** Events that may be in flight at once, per partition. */
  readonly lanes: number;
  readonly onError: string;
  /** 0 = none */
  readonly timeoutMs: number;
}

export function agentsOf(app: App): AgentRow[] {
  return [...app.agents.values()].map((agent) => ({
    name: agent.name,
    behaviour: agent.behaviour.name,
    sources: agent.sources.map((source) => String(source.name)),
    to: agent.sinks.map(sinkName),
    order: agent.order,
    lanes: agent.behaviour.capacity ?? agent.concurrency,
    onError: agent.onError.description,
    timeoutMs: agent.timeoutMs,
  }));
}

export function agentRows(app: App): string[][] {
  return agentsOf(app).map(({ name, sources, to, order, lanes, onError }) => [
    name,
    sources.join(', '),
    to.join(', ') || '-',
    order,
    String(lanes),
    onError,
  ]);
}

/** Name, kind, topics. */
export function sourceRows(app: App): string[][] {
  return [...app.sources].map(([name, { kind, topics }]) => [name, kind, topics.map((topic) => topic.name).join(', ')]);
}

/** Name, the agents that use it, its changelog. */
export function tableRows(app: App): string[][] {
  const agents = [...app.agents.values()];
  return [...app.tables.values()].map((table) => [
    table.name,
    agents.flatMap(({ name, tables }) => (tables.some((own) => own.name === table.name) ? [name] : [])).join(', '),
    agents.flatMap(({ name, reads }) => (reads.some((read) => read.name === table.name) ? [name] : [])).join(', ') || '-',
    table.changelog,
  ]);
}

function sinkName(sink: Agent['sinks'][number]): string {
  return typeof sink === 'function' ? `${sink.name || 'function'}()` : sink.name;
}
