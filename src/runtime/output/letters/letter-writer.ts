import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../../../agents/index.ts';
import { StreamerError } from '../../../errors.ts';
import type { Sender } from '../sender.ts';
import { type DeadLetter, deadLetterHeaders, deadLetterTopicOf } from './dead-letters.ts';

/**
 * Writes dead letters, each until it is acknowledged: an event whose letter is refused stays unfinished, and somebody is
 * told. Never resolves for what the end of the worker cuts off.
 */
export class LetterWriter {
  readonly #sender: Sender;
  readonly #onTrouble: (error: StreamerError) => void;
  readonly #closing: AbortSignal;

  constructor(sender: Sender, onTrouble: (error: StreamerError) => void, closing: AbortSignal) {
    this.#sender = sender;
    this.#onTrouble = onTrouble;
    this.#closing = closing;
  }

  async write(letter: DeadLetter, topic = deadLetterTopicOf(letter.origin.topic, letter.app)): Promise<void> {
    const { record, origin } = letter;
    const message = {
      key: record.key,
      value: record.value,
      headers: deadLetterHeaders(letter),
      timestamp: undefined,
      partition: undefined,
    };
    for (let attempt = 1; !this.#closing.aborted; attempt++) {
      const refused = await new Promise<StreamerError | undefined>((resolve) => this.#sender.send(topic, message, resolve));
      if (refused === undefined) return;
      const problem = `the dead letter of offset ${record.offset} was refused by ${topic}: ${refused.message}; the event stays unfinished and the letter is tried again`;
      this.#onTrouble(new StreamerError('REFUSED', problem, { ...origin, offset: record.offset, cause: refused, next: refused.next }));
      await sleep(backoff(attempt, 1_000, 30_000), undefined, { signal: this.#closing }).catch(() => {});
    }
    await new Promise(() => {});
  }
}
