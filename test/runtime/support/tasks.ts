import type { Agent } from '../../../src/agents/index.ts';
import { Telemetry } from '../../../src/observe/index.ts';
import type { Failure } from '../../../src/runtime/output/letters/letters.ts';
import type { OutputOwner } from '../../../src/runtime/output/outputs.ts';
import type { Services } from '../../../src/runtime/services.ts';
import { TaskState } from '../../../src/runtime/state/task-state.ts';
import type { Input } from '../../../src/runtime/task/input.ts';
import { freshStart, type InputStart } from '../../../src/runtime/task/input-start.ts';
import { type Restore, Task } from '../../../src/runtime/task/task.ts';
import { AgentRuntime } from '../../../src/runtime/work/agent-runtime.ts';
import type { DeclaredTable } from '../../../src/tables/index.ts';
import { systemClock } from '../../../src/timing/index.ts';
import type { Readable } from '../../../src/topics/index.ts';

/** Acknowledges an output, or refuses it. */
export type Acknowledge = (error?: unknown) => void;

/** Services without a broker: outputs wait until the test acknowledges them, dead letters are written at once. */
export function servicesOf(acknowledge: Acknowledge[] = [], letters: Failure[] = [], held?: Promise<void>): Services {
  const outputs = {
    send: (_topic: string, _message: unknown, owner: OutputOwner) => {
      const sent = owner.output();
      acknowledge.push((error) => sent(error as never, 0, 0));
    },
    flush: async () => {},
  };
  const writer = {
    app: 'tasks',
    write: async (letter: Failure) => {
      letters.push(letter);
      await held;
    },
  };
  const rest = { telemetry: new Telemetry(), clock: systemClock, tell: () => {}, fail: () => {} };
  return { ...rest, outputs, letters: writer } as unknown as Services;
}

export interface TaskOptions {
  readonly agent: Agent;
  readonly readable: Readable<unknown, unknown>;
  readonly topics?: readonly string[];
  readonly start?: InputStart;
  readonly queueRecords?: number;
  readonly restore?: Restore;
  /** @default none */
  readonly tables?: readonly DeclaredTable[];
  /** Dead letters are acknowledged when it resolves. @default at once */
  readonly lettersHeld?: Promise<void>;
}

export interface MadeTask {
  readonly task: Task;
  readonly input: Input;
  /** `pause` and `resume`, as the task has asked for them. */
  readonly flow: string[];
  readonly acknowledge: Acknowledge[];
  readonly letters: Failure[];
}

/** A task of partition 0 of some topics, which all go to one agent. */
export function makeTask({
  agent,
  readable,
  topics = ['items'],
  queueRecords = 100,
  restore,
  start = { ...freshStart(0), topicId: 'A'.repeat(22) },
  tables,
  lettersHeld,
}: TaskOptions): MadeTask {
  const acknowledge: Acknowledge[] = [];
  const flow: string[] = [];
  const letters: Failure[] = [];
  const services = servicesOf(acknowledge, letters, lettersHeld);
  const plan = { readable, runtimes: [new AgentRuntime(agent, services)], partitions: 4 };
  const fetching = { pause: () => void flow.push('pause'), resume: () => void flow.push('resume') };
  const inputs = topics.map((topic) => ({ partition: { topic, partition: 0 }, plan, start }));
  const limits = { queueRecords, queueBytes: 1_000_000, onUnreadable: 'stop' } as const;
  const task = new Task(0, inputs, { services, limits, fetching, restore, writer: 'tasks.1' }, tables && new TaskState(tables, 0));
  const [input] = task.inputs;
  if (input === undefined) throw new Error('a task has at least one input');
  return { task, input, flow, acknowledge, letters };
}

/** As `makeTask`, running; what it asked for on the way is not in `flow`. */
export async function runningTask(options: TaskOptions): Promise<MadeTask> {
  const made = makeTask(options);
  await made.task.run();
  made.flow.length = 0;
  return made;
}
