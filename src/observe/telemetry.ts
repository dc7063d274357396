import { Counter } from './counter.ts';
import { Histogram } from './histogram.ts';
import { METRICS } from './metrics.ts';

type Metrics = typeof METRICS;
type NameOf<Type> = { [Name in keyof Metrics]: Metrics[Name]['type'] extends Type ? Name : never }[keyof Metrics];
export type CounterName = NameOf<'counter'>;
export type HistogramName = NameOf<'histogram'>;
export type LabelsOf<Name extends keyof Metrics> = Readonly<Record<Metrics[Name]['labels'][number], string>>;

/** One metric under one set of labels. */
export interface Series<Value = Counter | Histogram> {
  readonly name: keyof Metrics;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Value;
}

/**
 * What one worker counts. A part asks once for the counters that it needs and keeps them: asking looks up a map, counting
 * does not.
 */
export class Telemetry {
  readonly #counters = new Map<string, Series<Counter>>();
  readonly #histograms = new Map<string, Series<Histogram>>();

  /** The counter of these labels: the same one each time. */
  counter<Name extends CounterName>(name: Name, labels: LabelsOf<Name>): Counter {
    return find(this.#counters, name, labels, () => new Counter());
  }

  /** The histogram of these labels: the same one each time. */
  histogram<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>): Histogram {
    return find(this.#histograms, name, labels, () => new Histogram());
  }

  /** Sum of a counter over all series that have these labels. */
  total<Name extends CounterName>(name: Name, labels: Partial<LabelsOf<Name>> = {}): number {
    let sum = 0;
    for (const series of this.#counters.values()) {
      if (series.name === name && hasLabels(series, labels)) sum += series.value.value;
    }
    return sum;
  }

  /** All that has been counted so far, for reports. */
  series(): Series[] {
    return [...this.#counters.values(), ...this.#histograms.values()];
  }
}

function find<Value>(
  all: Map<string, Series<Value>>,
  name: keyof Metrics,
  labels: Readonly<Record<string, string>>,
  make: () => Value,
): Value {
  const id = JSON.stringify([name, ...METRICS[name].labels.map((label) => labels[label])]);
  let series = all.get(id);
  if (series === undefined) {
    series = { name, labels, value: make() };
    all.set(id, series);
  }
  return series.value;
}

function hasLabels({ labels }: Series, wanted: Readonly<Record<string, string | undefined>>): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}
