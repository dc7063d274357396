import type { Converter } from '../connect-data/converter.ts';
import type { ChangeEvent, Data } from './events/change-event.ts';
import type { Unwrap } from './events/unwrap.ts';
import type { Flight } from './flight.ts';

/** Puts events into bytes and sends them, in order. */
export class Publisher {
  readonly #converter: Converter;
  readonly #unwrap: Unwrap | undefined;
  readonly #flight: Flight;
  #published = 0;

  constructor(converter: Converter, unwrap: Unwrap | undefined, flight: Flight) {
    this.#converter = converter;
    this.#unwrap = unwrap;
    this.#flight = flight;
  }

  /** Records that were handed over so far. */
  get published(): number {
    return this.#published;
  }

  /** Resolves when they are on their way and there is room for more. */
  async publish(events: readonly ChangeEvent[]): Promise<void> {
    for (const { topic, key, value, headers } of this.#unwrap?.(events) ?? events) {
      const keyBytes = key === null ? null : await this.#bytes(key, topic, 'key');
      const valueBytes = value === null ? null : await this.#bytes(value, topic, 'value');
      this.#published++;
      await this.#flight.send({ topic, key: keyBytes, value: valueBytes, headers });
    }
  }

  /** Resolves when everything is acknowledged. */
  settled(): Promise<void> {
    return this.#flight.landed();
  }

  #bytes({ schema, value }: Data, topic: string, part: 'key' | 'value'): Buffer | Promise<Buffer> {
    return this.#converter.encode(schema, value, topic, part);
  }
}
