import type { KafkaRecord, RecordHeaders } from '../../kafka/index.ts';
import type { Event } from '../../topics/index.ts';

/** `offset` of an event that is not a record. */
const NO_OFFSET = -1;

/** What an event takes over from its origin. */
type EventOrigin = Pick<KafkaRecord, 'timestamp' | 'headers'> & { readonly offset: number | undefined };

/** The event that agents see. Its abort signal is made when a handler first asks for it: most never do. */
export class ItemEvent implements Event<unknown, unknown> {
  readonly key: unknown;
  readonly value: unknown;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
  #controller: AbortController | undefined;
  #reason: unknown;
  #isAborted = false;

  constructor(topic: string, partition: number, origin: EventOrigin, key: unknown, value: unknown) {
    this.key = key;
    this.value = value;
    this.topic = topic;
    this.partition = partition;
    this.offset = origin.offset ?? NO_OFFSET;
    this.timestamp = origin.timestamp;
    this.headers = origin.headers;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  static abort(event: ItemEvent, reason: unknown): void {
    event.#isAborted = true;
    event.#reason = reason;
    event.#controller?.abort(reason);
  }
}
