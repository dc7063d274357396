import { type Band, isInBand } from '../band.ts';
import type { Answers } from '../customer.ts';

/** What a record on a topic means for the customer it is about. */
export type Role = 'prediction' | 'forwarded' | 'bandPrediction' | 'deadLetter';

export interface Counts {
  readonly sent: number;
  readonly predicted: number;
  readonly yes: number;
  readonly no: number;
  readonly ageBand: { readonly min: number | null; readonly max: number | null; readonly forwarded: number; readonly predicted: number };
  /** Customers for whom a record that had to come did not, and no dead letter either. */
  readonly lost: number;
  /** Records beyond the one that had to come. */
  readonly duplicates: number;
  /** Customers with a dead letter. */
  readonly deadLettered: number;
}

interface Fate {
  readonly isInBand: boolean;
  prediction: number;
  forwarded: number;
  bandPrediction: number;
  deadLetter: number;
}

/** Counts, by key, what became of the customers of this run. Records of other runs are passed over. */
export class Tally {
  readonly #band: Band;
  readonly #fates = new Map<string, Fate>();
  readonly #labels = { Yes: 0, No: 0 };
  readonly #jobs = new Map<string, Answers>();
  readonly #seen: Record<Role, number> = { prediction: 0, forwarded: 0, bandPrediction: 0, deadLetter: 0 };
  #unfinished = 0;

  constructor(band: Band) {
    this.#band = band;
  }

  /** To be called before the customer is sent: its prediction may be read before the acknowledgement comes. */
  expect(key: string, age: number): void {
    this.#fates.set(key, { isInBand: isInBand(age, this.#band), prediction: 0, forwarded: 0, bandPrediction: 0, deadLetter: 0 });
    this.#unfinished++;
  }

  /** Returns whether the record belongs to this run. */
  record(role: Role, key: string, label?: string): boolean {
    const fate = this.#fates.get(key);
    if (fate === undefined) return false;
    const was = isFinished(fate);
    fate[role]++;
    this.#seen[role]++;
    if (role === 'prediction' && fate.prediction === 1 && (label === 'Yes' || label === 'No')) this.#labels[label]++;
    if (!was && isFinished(fate)) this.#unfinished--;
    return true;
  }

  /** Counts a prediction of this run by the customer's job; one that comes twice counts twice, as it does in the app's table. */
  job(job: string, label: 'Yes' | 'No'): void {
    const { yes, no } = this.#jobs.get(job) ?? { yes: 0, no: 0 };
    this.#jobs.set(job, label === 'Yes' ? { yes: yes + 1, no } : { yes, no: no + 1 });
  }

  get jobs(): ReadonlyMap<string, Answers> {
    return this.#jobs;
  }

  /** Records of this run seen so far. */
  get records(): number {
    return Object.values(this.#seen).reduce((sum, count) => sum + count);
  }

  /** Records of one role, those that came twice counted twice. */
  seen(role: Role): number {
    return this.#seen[role];
  }

  /** Every customer has all that had to come, or a dead letter. */
  get isComplete(): boolean {
    return this.#unfinished === 0;
  }

  counts(): Counts {
    const fates = [...this.#fates.values()];
    const some = (role: Role) => fates.filter((fate) => fate[role] > 0).length;
    const surplus = (count: number, expected: number) => Math.max(0, count - expected);
    return {
      sent: fates.length,
      predicted: some('prediction'),
      yes: this.#labels.Yes,
      no: this.#labels.No,
      ageBand: {
        min: this.#band.min ?? null,
        max: this.#band.max ?? null,
        forwarded: some('forwarded'),
        predicted: some('bandPrediction'),
      },
      lost: fates.filter((fate) => !isFinished(fate)).length,
      duplicates: fates.reduce((sum, { prediction, forwarded, bandPrediction, isInBand: inBand }) => {
        const inBandExpected = inBand ? 1 : 0;
        return sum + surplus(prediction, 1) + surplus(forwarded, inBandExpected) + surplus(bandPrediction, inBandExpected);
      }, 0),
      deadLettered: some('deadLetter'),
    };
  }
}

function isFinished({ isInBand: inBand, prediction, forwarded, bandPrediction, deadLetter }: Fate): boolean {
  return deadLetter > 0 || (prediction > 0 && (!inBand || (forwarded > 0 && bandPrediction > 0)));
}
