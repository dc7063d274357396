import { isStreamerError, StreamerError } from '../../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../../kafka/index.ts';
import type { Telemetry } from '../../../observe/index.ts';
import { backoff, type Clock, sleep } from '../../../timing/index.ts';
import type { Tell } from '../../events/worker-events.ts';
import type { EventOutputs } from '../outputs.ts';
import { type DeadLetter, deadLetterHeaders, deadLetterTopicOf } from './dead-letters.ts';

/** Those of the worker's services that writing letters takes. */
export interface LetterServices {
  readonly outputs: EventOutputs;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** A record that is given up, and why. */
export interface Failure {
  /** Undefined when the record did not decode: then it failed for every agent. */
  readonly agent: string | undefined;
  readonly origin: TopicPartition;
  readonly record: KafkaRecord;
  readonly error: unknown;
  readonly attempts: number;
  /** @default `<topic>.<app>.dlq` */
  readonly topic?: string | undefined;
}

/**
 * Writes dead letters, each until it is acknowledged: an event whose letter is refused stays unfinished, and the worker warns.
 * A write that the end of the worker cuts off never resolves.
 */
export class Letters {
  readonly #app: string;
  readonly #services: LetterServices;
  readonly #closing: AbortSignal;

  constructor(app: string, services: LetterServices, closing: AbortSignal) {
    this.#app = app;
    this.#services = services;
    this.#closing = closing;
  }

  /** Resolves when the letter is acknowledged; never rejects. */
  async write({ topic, ...failure }: Failure): Promise<void> {
    const letter: DeadLetter = { app: this.#app, ...failure };
    await this.#send(letter, topic ?? deadLetterTopicOf(letter.origin.topic, letter.app));
    const { agent, origin, record, error } = failure;
    const code = isStreamerError(error) ? error.code : 'none';
    this.#services.telemetry.counter('dead_letters_total', { agent: agent ?? '', code }).add();
    this.#services.tell('deadLetter', { agent, ...origin, offset: record.offset, error });
  }

  async #send(letter: DeadLetter, topic: string): Promise<void> {
    const { key, value } = letter.record;
    const message = { key, value, headers: deadLetterHeaders(letter), timestamp: undefined, partition: undefined };
    const { outputs, clock } = this.#services;
    for (let attempt = 1; !this.#closing.aborted; attempt++) {
      const refused = await new Promise<StreamerError | undefined>((resolve) => outputs.send(topic, message, { output: () => resolve }));
      if (refused === undefined) return;
      this.#warn(letter, topic, refused);
      await sleep(backoff(attempt, 1_000, 30_000), this.#closing, clock);
    }
    await new Promise(() => {});
  }

  #warn({ origin, record }: DeadLetter, topic: string, cause: StreamerError): void {
    const problem = `the dead letter of offset ${record.offset} was refused by ${topic}: ${cause.message}; the event stays unfinished and the letter is tried again`;
    const error = new StreamerError('REFUSED', problem, { ...origin, offset: record.offset, cause, next: cause.next });
    this.#services.tell('warning', { error });
  }
}
