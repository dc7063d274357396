import { type AgentSink, type AgentSinkFunction, type AgentSinkTopic, isSinkTopic, type OutputHeaders } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import { isThenable } from '../../timing/index.ts';
import type { Event } from '../../topics/index.ts';
import { type OutputHolder, runWith } from './attribution.ts';
import { outputHeaders } from './output-headers.ts';
import type { EventOutputs } from './outputs.ts';

/** An output, with the event that it is an output of. */
export interface SinkOutput {
  readonly event: Event<unknown, unknown>;
  readonly value: unknown;
  readonly headers: OutputHeaders | undefined;
}

/** Hands the outputs of one agent to its sinks: topics, and functions that choose topics or deal with the output themselves. */
export class SinkOutputs {
  readonly #sinks: readonly AgentSink[];
  readonly #outputs: EventOutputs;

  constructor(sinks: readonly AgentSink[], outputs: EventOutputs) {
    this.#sinks = sinks;
    this.#outputs = outputs;
  }

  /** @param callsFunctions false: functions do not get this output */
  emit(output: SinkOutput, holder: OutputHolder, callsFunctions: boolean): void {
    for (const sink of this.#sinks) {
      if (typeof sink !== 'function') this.#send(sink, output, holder);
      else if (callsFunctions) this.#call(sink, output, holder);
    }
  }

  #send(topic: AgentSinkTopic, { event, value, headers }: SinkOutput, holder: OutputHolder): void {
    const { key, timestamp } = event;
    const message = topic.encode({ key, value, timestamp, headers: outputHeaders(event.headers, headers) });
    if (!(message instanceof Promise)) {
      this.#outputs.send(topic.name, message, holder);
      return;
    }
    const end = holder.output();
    const placed = message.then((encoded) => {
      this.#outputs.send(topic.name, encoded, holder);
      end();
    }, failing(end));
    holder.placing?.(placed);
  }

  #call(sink: AgentSinkFunction, output: SinkOutput, holder: OutputHolder): void {
    const answer = runWith(holder, () => sink(output.value, output.event));
    if (isThenable(answer)) {
      const end = holder.work();
      Promise.resolve(answer)
        .then((result) => this.#route(result, output, holder))
        .then(() => end(), failing(end));
    } else {
      this.#route(answer, output, holder);
    }
  }

  /** A sink function may return topics; any other result means nothing. */
  #route(answer: unknown, output: SinkOutput, holder: OutputHolder): void {
    for (const topic of Array.isArray(answer) ? answer : [answer]) if (isSinkTopic(topic)) this.#send(topic, output, holder);
  }
}

/** A promise may be rejected without a reason: `undefined` alone would count as success. */
function failing(end: (error?: unknown) => void): (reason: unknown) => void {
  return (reason) => end(reason ?? new StreamerError('USAGE', `a sink rejected with ${String(reason)}`, { retryable: true }));
}
