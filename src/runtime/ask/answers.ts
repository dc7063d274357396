import type { RecordHeaders } from '../../kafka/index.ts';
import type { EventOutputs, OutputOwner } from '../output/outputs.ts';
import { type ReplyAddress, refusalOf, replyAddress, replyOf } from './replies.ts';

/** An event that may be a question. */
export interface Asked {
  readonly origin: { readonly headers: RecordHeaders };
  /** It has been answered. */
  hasReplied: boolean;
}

/** Answers the questions among an agent's events: with the first output, or with the reason why there is none. */
export class Answers {
  readonly #agent: string;
  readonly #outputs: EventOutputs;

  constructor(agent: string, outputs: EventOutputs) {
    this.#agent = agent;
    this.#outputs = outputs;
  }

  answer(event: Asked, output: unknown, owner: OutputOwner): void {
    const address = this.#addressOf(event);
    if (address !== undefined) this.#outputs.send(address.topic, replyOf(address.id, output), owner);
  }

  refuse(event: Asked & OutputOwner, reason: string): void {
    const address = this.#addressOf(event);
    if (address !== undefined) this.#outputs.send(address.topic, refusalOf(address.id, reason), event);
  }

  /** Where the answer goes; undefined for events that are not questions to this agent, or have an answer. */
  #addressOf(event: Asked): ReplyAddress | undefined {
    if (event.hasReplied) return undefined;
    const address = replyAddress(event.origin.headers, this.#agent);
    if (address !== undefined) event.hasReplied = true;
    return address;
  }
}
