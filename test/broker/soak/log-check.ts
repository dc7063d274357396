import { fetch } from '../../../src/wire/apis/data.ts';
import { Wire } from '../../helpers/wire.ts';
import { valuesOf } from '../support/batches.ts';
import type { Stream } from './load.ts';

/**
 * Reads partitions by bare Fetch requests and a parser of its own, and holds each producer's records against what it sent:
 * `name:0`, `name:1`, ... each once, in order, at contiguous offsets, and all that was acknowledged.
 */
export class LogCheck {
  readonly #address: string;
  readonly #topic: string;
  readonly #streams: readonly Stream[];
  readonly #offsets = new Map<number, number>();
  readonly #seen = new Map<string, number>();

  constructor(address: string, topic: string, streams: readonly Stream[]) {
    this.#address = address;
    this.#topic = topic;
    this.#streams = streams;
  }

  get recordsSeen(): number {
    return [...this.#seen.values()].reduce((a, b) => a + b, 0);
  }

  /** Reads on from where it was. @throws Error that names the first record that is not as it should be */
  async run(): Promise<void> {
    const owed = this.#streams.map(({ name, acknowledged }) => ({ name, acknowledged }));
    const wire = await Wire.connect(this.#address);
    try {
      for (const partition of new Set(this.#streams.map((stream) => stream.partition))) await this.#readOn(wire, partition);
    } finally {
      wire.close();
    }
    for (const { name, acknowledged } of owed) {
      const seen = this.#seen.get(name) ?? 0;
      if (seen < acknowledged) throw new Error(`${name}: ${acknowledged} records were acknowledged, and ${seen} are in the log`);
    }
  }

  async #readOn(wire: Wire, partition: number): Promise<void> {
    for (;;) {
      const at = this.#offsets.get(partition) ?? 0;
      const asked = { index: partition, fetchOffset: at, maxBytes: 1_000_000 };
      const answer = await wire.send(fetch, 11, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 1_000_000,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ name: this.#topic, partitions: [asked] }],
      });
      const found = answer.topics[0]?.partitions[0];
      if (found?.errorCode !== 0) throw new Error(`${this.#topic}[${partition}]@${at}: error ${found?.errorCode}`);
      const records = valuesOf(found.records ?? []).filter(({ offset }) => offset >= at);
      if (records.length === 0) return;
      for (const { offset, value } of records) this.#take(partition, offset, value);
    }
  }

  #take(partition: number, offset: number, value: string): void {
    const where = `${this.#topic}[${partition}]@${offset}`;
    const expectedOffset = this.#offsets.get(partition) ?? 0;
    if (offset !== expectedOffset) throw new Error(`${where}: offset ${expectedOffset} was expected`);
    this.#offsets.set(partition, offset + 1);
    const [name = '', number] = value.split(':');
    const stream = this.#streams.find((one) => one.name === name);
    const expected = this.#seen.get(name) ?? 0;
    if (stream?.partition !== partition || Number(number) !== expected)
      throw new Error(`${where}: ${value} stands where ${name}:${expected} should`);
    if (expected >= stream.sent) throw new Error(`${where}: ${value} was never sent`);
    this.#seen.set(name, expected + 1);
  }
}
