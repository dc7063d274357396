import { KafkaError, StreamerError } from '../../../errors.ts';
import type { TopicPartition } from '../../../kafka/index.ts';
import { codeLabel, type Telemetry } from '../../../observe/index.ts';
import { backoff, type Clock, sleep } from '../../../timing/index.ts';
import type { Encoded } from '../../../topics/index.ts';
import type { Tell } from '../../events/worker-events.ts';
import type { EventOutputs } from '../outputs.ts';
import {
  appLetterTopicOf,
  type DeadLetter,
  deadLetterHeaders,
  deadLetterTopicOf,
  type LetterContent,
  type LetterState,
} from './dead-letters.ts';
import { LetterCut } from './letter-cut.ts';

/** Those of the worker's services that writing letters takes. */
export interface LetterServices {
  readonly outputs: EventOutputs;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** A record, or another item, that is given up, and why. */
export interface Failure {
  /** Undefined when the record did not decode: then it failed for every agent. */
  readonly agent: string | undefined;
  readonly origin: TopicPartition;
  readonly record: LetterContent;
  readonly error: unknown;
  readonly attempts: number;
  /** @default `<topic>.<app>.dlq`, and `<app>.dlq` for topics that are read by a pattern */
  readonly topic?: string | undefined;
  /** Of an agent that writes tables. */
  readonly state?: LetterState | undefined;
}

/**
 * Writes dead letters, each until it is acknowledged: an event whose letter is refused stays unfinished, and the worker warns.
 * A write that the end of the worker cuts off never resolves.
 */
export class Letters {
  readonly #app: string;
  /** Topics that agents read by name: each has a dead-letter topic of its own. */
  readonly #named: ReadonlySet<string>;
  readonly #services: LetterServices;
  readonly #closing: AbortSignal;

  /** @param named topics that agents read by name; letters of all others go to the app's own dead-letter topic */
  constructor(app: string, named: ReadonlySet<string>, services: LetterServices, closing: AbortSignal) {
    this.#app = app;
    this.#named = named;
    this.#services = services;
    this.#closing = closing;
  }

  get app(): string {
    return this.#app;
  }

  /** Resolves when the letter is acknowledged; never rejects. */
  async write({ topic, ...failure }: Failure): Promise<void> {
    const letter: DeadLetter = { app: this.#app, ...failure };
    await this.#send(letter, topic ?? this.#topicFor(letter.origin.topic));
    const { agent, origin, record, error } = failure;
    this.#services.telemetry.counter('dead_letters_total', { agent: agent ?? '', code: codeLabel(error) }).add();
    this.#services.tell('deadLetter', { agent, ...origin, offset: record.offset, error });
  }

  #topicFor(origin: string): string {
    return this.#named.has(origin) ? deadLetterTopicOf(origin, this.#app) : appLetterTopicOf(this.#app);
  }

  async #send(letter: DeadLetter, topic: string): Promise<void> {
    const { key, value, headers } = letter.record;
    const own = deadLetterHeaders(letter);
    let message: Encoded = { key, value, headers: { ...headers, ...own }, timestamp: undefined, partition: undefined };
    const cut = new LetterCut(message, own);
    const { outputs, clock } = this.#services;
    for (let attempt = 1; !this.#closing.aborted; attempt++) {
      const refused = await new Promise<StreamerError | undefined>((resolve) => outputs.send(topic, message, { output: () => resolve }));
      if (refused === undefined) return;
      const smaller = isTooLarge(refused) ? cut.next() : undefined;
      if (smaller !== undefined) {
        message = smaller;
        continue;
      }
      this.#warn(letter, topic, refused);
      await sleep(backoff(attempt, 1_000, 30_000), this.#closing, clock);
    }
    await new Promise(() => {});
  }

  #warn({ origin, record }: DeadLetter, topic: string, cause: StreamerError): void {
    const what = record.offset === undefined ? 'an event' : `offset ${record.offset}`;
    const problem = `the dead letter of ${what} was refused by ${topic}: ${cause.message}; the event stays unfinished and the letter is tried again`;
    const error = new StreamerError('REFUSED', problem, { ...origin, offset: record.offset, cause, next: cause.next });
    this.#services.tell('warning', { error });
  }
}

function isTooLarge(error: StreamerError): boolean {
  return error instanceof KafkaError && /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE)$/.test(error.kafkaCode ?? '');
}
