import type { Converter } from '../../connect-data/converter.ts';
import type { ChangeEvent, Data } from '../events/change-event.ts';
import type { Unwrap } from '../events/unwrap.ts';
import type { Flight } from './flight.ts';

/** Encodes events and sends them, in order. */
export class Publisher {
  readonly #converter: Converter;
  readonly #unwrap: Unwrap | undefined;
  readonly #flight: Flight;

  constructor(converter: Converter, unwrap: Unwrap | undefined, flight: Flight) {
    this.#converter = converter;
    this.#unwrap = unwrap;
    this.#flight = flight;
  }

  /** Resolves when the records are on their way and there is room for more. */
  async publish(events: readonly ChangeEvent[]): Promise<void> {
    for (const { topic, key, value, headers } of this.#unwrap?.(events) ?? events) {
      const keyBytes = key === null ? null : await this.#bytes(key, topic, 'key');
      const valueBytes = value === null ? null : await this.#bytes(value, topic, 'value');
      await this.#flight.send({ topic, key: keyBytes, value: valueBytes, headers });
    }
  }

  /** Publishes the deletion of a key that stands in a topic in the bytes given, which may differ from those of today's options. */
  async publishGone(events: readonly ChangeEvent[], topic: string, writtenKey: Buffer): Promise<void> {
    await this.publish(events);
    const key = events[0]?.key ?? null;
    const today = key === null ? null : await this.#bytes(key, topic, 'key');
    if (today === null || !writtenKey.equals(today)) await this.#flight.send({ topic, key: writtenKey, value: null });
  }

  /** Resolves when everything is acknowledged. */
  settled(): Promise<void> {
    return this.#flight.landed();
  }

  #bytes({ schema, value }: Data, topic: string, part: 'key' | 'value'): Buffer | null | Promise<Buffer | null> {
    return this.#converter.encode(schema, value, topic, part);
  }
}
