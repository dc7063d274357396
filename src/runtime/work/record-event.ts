import type { KafkaRecord, RecordHeaders } from '../../kafka/index.ts';
import type { Event } from '../../topics/index.ts';

/** The event that agents see. Its abort signal is made when somebody first asks for it: most never do. */
export class RecordEvent implements Event<unknown, unknown> {
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

  constructor(topic: string, partition: number, record: KafkaRecord, key: unknown, value: unknown) {
    this.key = key;
    this.value = value;
    this.topic = topic;
    this.partition = partition;
    this.offset = record.offset;
    this.timestamp = record.timestamp;
    this.headers = record.headers;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  static abort(event: RecordEvent, reason: unknown): void {
    event.#isAborted = true;
    event.#reason = reason;
    event.#controller?.abort(reason);
  }
}
