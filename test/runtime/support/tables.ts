import { defineAgent } from '../../../src/agents/agent.ts';
import type { AgentOptions, Behaviour, StreamFunction } from '../../../src/agents/index.ts';
import { generator } from '../../../src/agents/index.ts';
import { declareTable } from '../../../src/app/declare-table.ts';
import { MadeRecords } from '../../../src/kafka/index.ts';
import type { TaskCut } from '../../../src/runtime/task/task-cut.ts';
import { type DeclaredTable, decodeChangelogValue, isCutKey, type OrderedTable, type Table } from '../../../src/tables/index.ts';
import { number, optional, type Readable, string } from '../../../src/topics/index.ts';
import { type MadeTask, runningTask, type TaskOptions } from './tasks.ts';

export type Counts = Table<string, number> & DeclaredTable;

export function counts(name = 'counts', options: { readonly shardBy?: (key: string) => string } = {}): Counts {
  return declareTable('tasks', name, { key: string(), value: number(), ...options }) as Counts;
}

export function ordered(name = 'ordered'): OrderedTable<string, number> & DeclaredTable {
  return declareTable('tasks', name, { key: string(), value: number(), ordered: true, shardBy: (key: string) => key.slice(0, 1) }) as never;
}

export const readable = { name: 'items', serdes: { key: optional(string()), value: string() }, tombstones: 'skip' } as unknown as Readable<
  string,
  string
>;
/** An output topic whose records are never looked at. */
export const out = { name: 'out', encode: () => ({ key: null, value: null }) } as never;

export interface StateTask extends MadeTask {
  /** Takes in records `key=value`, from the offset behind the last one on, and waits a turn. */
  deliver(...records: string[]): Promise<void>;
  /** What a table holds, as a reader sees it. */
  content(table?: string): Record<string, number>;
}

type Work = Behaviour<string, string, unknown> | StreamFunction<string, string, unknown>;
type Options = Omit<Partial<TaskOptions>, 'agent'> & Omit<AgentOptions<string, string, unknown>, 'tables'>;

/** A running task of one agent that writes some tables. */
export async function stateTask(
  tables: readonly Counts[],
  work: Work,
  { queueRecords, lettersHeld, reads, ...options }: Options = {},
): Promise<StateTask> {
  const behaviour = typeof work === 'function' ? generator(work) : work;
  const agent = defineAgent('work', [readable], behaviour, { concurrency: 8, ...options, reads, tables });
  const all = [...tables, ...((reads ?? []) as unknown as readonly DeclaredTable[])];
  const made = await runningTask({ agent, readable, tables: all, queueRecords, lettersHeld } as TaskOptions);
  let next = 0;
  const deliver = async (...texts: string[]) => {
    const records = texts.map((text) => {
      const [key = '', value = ''] = text.split('=');
      return { offset: next++, key: key === '' ? null : Buffer.from(key), value: Buffer.from(value), headers: {}, timestamp: 1_000 + next };
    });
    made.input.deliver(new MadeRecords(records), next);
    // A slice of work may take a turn more on a busy machine; a partition that is paused takes nothing in.
    await turn();
    for (let turns = 0; turns < 20 && made.input.waiting > 0; turns++) await turn();
  };
  const content = (table = 'counts') => {
    const shard = made.task.state?.shards.get(table)?.shard;
    return Object.fromEntries([...(shard?.entries() ?? [])].map(({ key, value }) => [String(key), value.readDoubleBE()]).sort());
  };
  return { ...made, deliver, content };
}

export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The entries that a cut writes. */
export function entriesOf(cut: TaskCut | undefined): Record<string, number | null> {
  const records = (cut?.changelog ?? []).filter(({ key }) => key !== null && !isCutKey(key));
  return Object.fromEntries(
    records.map(({ key, value }) => [String(key), value === null ? null : decodeChangelogValue(value).value.readDoubleBE()]).sort(),
  );
}
