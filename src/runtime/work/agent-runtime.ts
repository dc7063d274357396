import type { Agent, OutputHeaders } from '../../agents/index.ts';
import { messageOf } from '../../errors.ts';
import { Answers } from '../ask/answers.ts';
import type { AgentStats } from '../events/worker-events.ts';
import type { OutputHolder } from '../output/attribution.ts';
import type { LetterState } from '../output/letters/dead-letters.ts';
import { SinkOutputs } from '../output/sink-outputs.ts';
import type { Services } from '../services.ts';
import { AgentReport } from './agent-report.ts';
import { AgentWaiting } from './agent-waiting.ts';
import type { WorkItem } from './work-item.ts';

/** One agent in one worker, over all its partitions: where its outputs go, what it waits for, and what is counted of it. */
export class AgentRuntime {
  readonly agent: Agent;
  readonly services: Services;
  readonly report: AgentReport;
  readonly waiting: AgentWaiting;
  readonly #answers: Answers;
  readonly #sinks: SinkOutputs;

  constructor(agent: Agent, services: Services) {
    const { outputs, tell, clock } = services;
    this.agent = agent;
    this.services = services;
    this.report = new AgentReport(agent.name, services);
    this.waiting = new AgentWaiting(agent.name, tell, clock);
    this.#answers = new Answers(agent.name, outputs);
    this.#sinks = new SinkOutputs(agent.sinks, outputs);
  }

  stats(inFlight: number, queued: number): AgentStats {
    const { since } = this.waiting;
    return {
      ...this.report.counts,
      inFlight,
      queued,
      ...this.agent.behaviour.stats?.(),
      ...(since === undefined ? {} : { waitingSince: since }),
    };
  }

  /** Hands an output to every sink, on behalf of the holder. The first output answers a question. */
  emit(item: WorkItem, holder: OutputHolder, value: unknown, headers?: OutputHeaders): void {
    this.#sinks.emit({ event: item.event, value, headers }, holder, value !== null || item.deliversTombstones);
    this.#answers.answer(item, value, holder);
  }

  /**
   * Resolves when the dead letter is acknowledged.
   *
   * @param state of an agent that writes tables: what has become of the event's writes
   */
  async deadLetter(item: WorkItem, error: unknown, topic: string | undefined, state?: LetterState): Promise<void> {
    const { origin: record, attempt: attempts, partition: origin } = item;
    await this.services.letters.write({ agent: this.agent.name, origin, record, error, attempts, topic, state });
    this.#answers.refuse(item, `the event went to the dead-letter topic: ${messageOf(error)}`);
  }

  finished(item: WorkItem): void {
    this.report.finished(item.outcome);
    this.#answers.refuse(item, 'the agent finished the event without an output');
  }
}
