import type { Encoded } from '../../topics/index.ts';
import type { Sent } from './outbox.ts';
import type { Sender } from './sender.ts';

/** Something that an output is sent for: an event's attempt, those that a lane holds, a dead letter. */
export interface OutputOwner {
  /** Called once per output, when it is sent; the function returned is called when the output is acknowledged or refused. */
  output(): Sent;
  /** Called where an output has no partition yet: it has one, or is refused, when the promise settles. */
  placing?(until: Promise<unknown>): void;
}

/**
 * Outputs of events: they count as part of the event, which is not finished before they are acknowledged. Only these can be
 * in a transaction.
 */
export class EventOutputs {
  readonly #sender: Sender;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  send(topic: string, message: Encoded, owner: OutputOwner): void {
    const placed = this.#sender.send(topic, message, owner.output());
    if (placed !== undefined) owner.placing?.(placed);
  }

  /** Resolves when everything sent so far, of events or not, is acknowledged. */
  flush(): Promise<void> {
    return this.#sender.flush();
  }
}

/** What is sent outside of events: by the program (`topic.send`), by sources, and questions, whose answer an event may wait for. */
export class DirectOutputs {
  readonly #sender: Sender;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  send(topic: string, message: Encoded, sent: Sent): void {
    void this.#sender.send(topic, message, sent);
  }
}
