import type { Agent, OutputHeaders, SinkFunction } from '../../agents/index.ts';
import { isStreamerError, StreamerError } from '../../errors.ts';
import { pickHeaders, type RecordHeaders } from '../../kafka/index.ts';
import type { AnyTopic } from '../../topics/index.ts';
import { refusalOf, replyAddress, replyOf } from '../ask/replies.ts';
import type { AgentStats } from '../events/worker-events.ts';
import type { OutputHolder } from '../output/attribution.ts';
import { runWith } from '../output/attribution.ts';
import type { Services } from '../services.ts';
import type { WorkItem } from './work-item.ts';

/** One agent in one worker, over all its partitions: sinks, counts, and what the outside is told. */
export class AgentRuntime {
  readonly agent: Agent;
  readonly #services: Services;
  #finished = 0;
  #failed = 0;
  #skipped = 0;
  #retried = 0;
  #waitingSince: number | undefined;
  /** The behaviour polls nothing until what it waits for is there again. */
  #isHeld = false;

  constructor(agent: Agent, services: Services) {
    this.agent = agent;
    this.#services = services;
  }

  /** Something outside cannot be reached. */
  get isWaiting(): boolean {
    return this.#waitingSince !== undefined;
  }

  stats(inFlight: number, queued: number): AgentStats {
    const counts = { finished: this.#finished, failed: this.#failed, skipped: this.#skipped, retried: this.#retried };
    const own = this.agent.behaviour.stats?.();
    return { ...counts, inFlight, queued, ...own, ...(this.#waitingSince === undefined ? {} : { waitingSince: this.#waitingSince }) };
  }

  /** Hands an output to every sink, on behalf of the holder. */
  emit(item: WorkItem, holder: OutputHolder, output: unknown, headers?: OutputHeaders): void {
    for (const sink of this.agent.sinks) {
      if (typeof sink !== 'function') this.#send(sink as AnyTopic, item, holder, { value: output, headers });
      else if (output !== null || item.deliversTombstones) this.#call(sink, item, holder, { value: output, headers });
    }
    const address = replyAddress(item.record.headers, this.agent.name);
    if (address === undefined || item.hasReplied) return;
    item.hasReplied = true;
    this.#services.outputs.send(address.topic, replyOf(address.id, output), holder);
  }

  finished(item: WorkItem): void {
    this.#finished++;
    if (!item.hasReplied) this.#refuseReply(item, 'the agent finished the event without an output');
  }

  /** Something worked: whatever was waited for is there again. */
  succeeded(): void {
    if (this.#waitingSince === undefined || this.#isHeld) return;
    const waitedMs = Date.now() - this.#waitingSince;
    this.#waitingSince = undefined;
    this.#services.tell('resumed', { agent: this.agent.name, waitedMs });
  }

  /** As `waits`, but outputs of earlier events that are acknowledged meanwhile do not end it. */
  holds(error: unknown): void {
    this.#isHeld = true;
    this.waits(error);
  }

  resumes(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.succeeded();
  }

  waits(error: unknown): void {
    if (this.#waitingSince !== undefined) return;
    this.#waitingSince = Date.now();
    this.#services.tell('waiting', { agent: this.agent.name, error });
  }

  retries(item: WorkItem, error: unknown, delayMs: number): void {
    this.#retried++;
    this.#services.tell('retry', { ...this.#placeOf(item), attempt: item.attempt, delayMs, error });
  }

  skips(item: WorkItem, error: unknown): void {
    this.#skipped++;
    this.#services.tell('skipped', { ...this.#placeOf(item), error });
  }

  stops(item: WorkItem, error: unknown): void {
    this.#stop(item, error, 'Its policy is stop(): the event is not committed and comes again at the next start.');
  }

  /** Whatever the policy: a right that is missing is nothing about the event, and would send every one to the dead letters. */
  forbidden(item: WorkItem, error: unknown): void {
    const advice = isStreamerError(error) && error.next !== undefined ? `${error.next}\n  ` : '';
    this.#stop(item, error, `${advice}The event is not committed and comes again at the next start.`);
  }

  #stop(item: WorkItem, error: unknown, next: string): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#services.fail(new StreamerError('REFUSED', message, { ...this.#placeOf(item), cause: error, next }));
  }

  async deadLetter(item: WorkItem, error: unknown, topic: string | undefined): Promise<void> {
    const { record, attempt: attempts, partition: origin } = item;
    await this.#services.letters.write({ agent: this.agent.name, origin, record, error, attempts, topic });
    this.#failed++;
    this.#refuseReply(item, `the event went to the dead-letter topic: ${error instanceof Error ? error.message : String(error)}`);
  }

  #refuseReply(item: WorkItem, reason: string): void {
    const address = replyAddress(item.record.headers, this.agent.name);
    if (address === undefined || item.hasReplied) return;
    item.hasReplied = true;
    this.#services.outputs.send(address.topic, refusalOf(address.id, reason), item);
  }

  #placeOf(item: WorkItem): { agent: string; topic: string; partition: number; offset: number } {
    return { agent: this.agent.name, ...item.partition, offset: item.offset };
  }

  #send(topic: AnyTopic, item: WorkItem, holder: OutputHolder, { value, headers: own }: Output): void {
    const { key, timestamp, headers } = item.event;
    const message = topic.encode({ key, value, timestamp, headers: withOwn(forwarded(headers), own) } as never);
    if (!(message instanceof Promise)) {
      this.#services.outputs.send(topic.name, message, holder);
      return;
    }
    const end = holder.output();
    message.then((encoded) => {
      this.#services.outputs.send(topic.name, encoded, holder);
      end();
    }, end);
  }

  #call(sink: SinkFunction<unknown, unknown, unknown>, item: WorkItem, holder: OutputHolder, output: Output): void {
    const answer = runWith(holder, () => sink(output.value, item.event));
    if (answer instanceof Promise) {
      const end = holder.work();
      answer.then((result) => this.#route(result, item, holder, output)).then(() => end(), end);
    } else {
      this.#route(answer, item, holder, output);
    }
  }

  /** A sink function may have named topics; anything else it answers means nothing. */
  #route(answer: unknown, item: WorkItem, holder: OutputHolder, output: Output): void {
    for (const topic of Array.isArray(answer) ? answer : [answer]) {
      if (typeof (topic as AnyTopic | undefined)?.encode === 'function') this.#send(topic as AnyTopic, item, holder, output);
    }
  }
}

interface Output {
  readonly value: unknown;
  readonly headers: OutputHeaders | undefined;
}

/** An output's own headers over those that go on with the event. */
function withOwn(headers: RecordHeaders | undefined, own: OutputHeaders | undefined): RecordHeaders | undefined {
  if (own === undefined) return headers;
  const result: RecordHeaders = { ...headers };
  for (const [name, value] of Object.entries(own)) {
    if (value === null) delete result[name];
    else result[name] = Buffer.from(value);
  }
  return result;
}

/** Headers go on with the event, but for those that speak to this runtime alone. */
function forwarded(headers: RecordHeaders): RecordHeaders | undefined {
  let isEmpty = true;
  for (const name in headers) {
    isEmpty = false;
    if (name.startsWith('streamer.')) return pickHeaders(headers, (each) => !each.startsWith('streamer.'));
  }
  return isEmpty ? undefined : headers;
}
