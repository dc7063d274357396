import { COUNTERS, INPUT, PROBES, SECOND_INPUT } from './app/entry.ts';

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

  get all(): string[] {
    return [...this.inputs, ...this.inputs.map((input) => this.letters(input)), this.probes, ...this.outputs, ...this.changelogs];
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
