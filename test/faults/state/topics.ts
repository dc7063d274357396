import { COUNTERS, GROUPED, INPUT, PROBES, SECOND_INPUT } from './app/entry.ts';

/** Names of a round's topics. */
export class RoundTopics {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  get inputs(): string[] {
    return [`${this.id}.${INPUT}`, `${this.id}.${SECOND_INPUT}`];
  }

  get first(): string {
    return `${this.id}.${INPUT}`;
  }

  get second(): string {
    return `${this.id}.${SECOND_INPUT}`;
  }

  get probes(): string {
    return `${this.id}.${PROBES}`;
  }

  get outputs(): string[] {
    return COUNTERS.map(({ agent }) => this.output(agent));
  }

  get changelogs(): string[] {
    return COUNTERS.flatMap(({ tables }) => tables.map((table) => this.changelog(table)));
  }

  /** Events of the first input under another key. */
  get repartition(): string {
    return `${this.id}-groups-repartition`;
  }

  /** Of those that are still there at the end. */
  get all(): string[] {
    return [...this.inputs, ...this.inputs.map((input) => this.letters(input)), this.probes, ...this.outputs, ...this.changelogs];
  }

  /** Name under which entries and answers know a topic that is counted. */
  sourceOf(topic: string): string {
    return topic === this.repartition ? GROUPED : topic.slice(topic.lastIndexOf('.') + 1);
  }

  output(agent: string): string {
    return `${this.id}.out-${agent}`;
  }

  letters(input: string): string {
    return `${input}.${this.id}.dlq`;
  }

  changelog(table: string): string {
    return `${this.id}-${table}-changelog`;
  }
}
