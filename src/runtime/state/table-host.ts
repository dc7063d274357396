import { StreamerError } from '../../errors.ts';
import type { TableHost } from '../../tables/index.ts';
import { currentHolder } from '../output/attribution.ts';

/** Gives tables to the event that is being handled. */
export const tableHost: TableHost = {
  access(table, use) {
    const holder = currentHolder();
    if (holder === undefined) throw outsideOfEvents(table);
    return holder.access(table, use);
  },
};

export function outsideOfEvents(table: string): StreamerError {
  return new StreamerError('USAGE', `table "${table}" was used outside of an event`, {
    next: 'Tables are read and written by agents, while they handle an event.',
  });
}

/** The agent of the event does not say that it uses the table so. */
export function notNamed(table: string, agent: string, use: 'read' | 'write'): StreamerError {
  const list = use === 'write' ? 'tables' : 'tables` or `reads';
  return new StreamerError('USAGE', `agent "${agent}" uses table "${table}" and does not name it`, {
    agent,
    next: `Name it in the options of the agent: \`${list}\`.`,
  });
}
