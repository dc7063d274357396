import { fileURLToPath } from 'node:url';
import { Child } from '../../shared/child.ts';
import { inTime } from './in-time.ts';

const CLI = fileURLToPath(new URL('./cli/main.js', import.meta.resolve('streamerjs')));

/** Beyond, they say the same. */
const MOST_NOTES = 20;

interface WorkerLine {
  readonly event?: string;
  readonly [field: string]: unknown;
}

/** `streamer worker -A car-price --json`: the source, the agent that prices, and the sink. */
export function startWorker(app: string, say: (text: string) => void): { readonly child: Child; readonly ready: Promise<void> } {
  let assigned: () => void = () => {};
  let notes = 0;
  const ready = new Promise<void>((resolve) => (assigned = resolve));
  const child = new Child({
    name: 'worker',
    args: [CLI, 'worker', '-A', app, '--json'],
    onLine: (text) => {
      const line = parsed(text);
      if (line.event === 'assigned') assigned();
      const note = noteOf(line);
      if (note !== undefined && notes++ < MOST_NOTES) say(`  ${note}`);
    },
  });
  return { child, ready: inTime(ready, child) };
}

function noteOf({ event, agent, error, topic, partition, offset, waitedMs }: WorkerLine): string | undefined {
  if (event === 'waiting') return `agent ${String(agent)} waits: ${String(error)}`;
  if (event === 'resumed') return `agent ${String(agent)} goes on after ${String(waitedMs)} ms`;
  if (event === 'warning') return String(error);
  if (event === 'deadLetter') return `dead letter of ${String(topic)}[${String(partition)}]@${String(offset)}: ${String(error)}`;
  return undefined;
}

function parsed(text: string): WorkerLine {
  try {
    return JSON.parse(text) as WorkerLine;
  } catch {
    return {};
  }
}
