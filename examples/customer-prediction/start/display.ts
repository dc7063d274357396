import { describeBand } from '../band.ts';
import type { Answers, Prediction } from '../customer.ts';
import type { Counts } from './tally.ts';

export interface Summary extends Counts {
  /** Answers by job, as the predictions on the topic have them. */
  readonly jobs: Readonly<Record<string, Answers>>;
  /** Jobs of which the app's table has counted something else. */
  readonly jobsWrong: readonly string[];
  readonly firstPredictionMs: number | null;
  readonly eventsPerSecond: number;
  /** Address, and whether it is the embedded one. */
  readonly broker: string;
  /** Rows of the file that were no customers; absent when there were none. */
  readonly rejected?: number;
}

const SHOWN_FIRST = 5;
const SHOWN_EVERY_MS = 1_000;
const REDRAW_MS = 100;

/**
 * What a person sees. On a terminal one line at the bottom counts in place; piped, it is printed once a second. With `--json`
 * all of it goes to standard error, and the summary alone to standard output.
 */
export class Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #json: boolean;
  #status = '';
  #shown = 0;
  #shownAt = 0;
  #statusAt = 0;

  constructor(json: boolean) {
    this.#json = json;
    this.#stream = json ? process.stderr : process.stdout;
  }

  line(text: string): void {
    if (this.#stream.isTTY && this.#status !== '') this.#stream.write(`\r\u001b[K${text}\n${this.#status}`);
    else this.#stream.write(`${text}\n`);
  }

  /** The first few predictions, then one a second. */
  prediction(key: string, { prediction, probability, age, job, duration }: Prediction): void {
    const now = performance.now();
    if (this.#shown >= SHOWN_FIRST && now - this.#shownAt < SHOWN_EVERY_MS) return;
    this.#shown++;
    this.#shownAt = now;
    const who = `${age}, ${job}, ${duration} s on the telephone`;
    this.line(`  ${key.slice(0, 8)}  ${prediction.padEnd(3)} ${(probability * 100).toFixed(0).padStart(3)} %  ${who}`);
  }

  progress(sent: number, predicted: number, banded: number, isLast = false): void {
    const now = performance.now();
    if (!isLast && now - this.#statusAt < (this.#stream.isTTY ? REDRAW_MS : SHOWN_EVERY_MS)) return;
    this.#statusAt = now;
    const text = `  sent ${count(sent)}   predicted ${count(predicted)}   in the age band ${count(banded)}`;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#status = text;
    this.#stream.write(`\r\u001b[K${text}`);
    if (isLast) this.endStatus();
  }

  endStatus(): void {
    if (this.#stream.isTTY && this.#status !== '') this.#stream.write('\n');
    this.#status = '';
  }

  summary(summary: Summary, next: string): void {
    this.endStatus();
    if (this.#json) {
      process.stdout.write(`${JSON.stringify(summary)}\n`);
      return;
    }
    const { min, max, forwarded, predicted } = summary.ageBand;
    const band = describeBand({ ...(min !== null && { min }), ...(max !== null && { max }) });
    const first = summary.firstPredictionMs === null ? 'none' : `after ${(summary.firstPredictionMs / 1_000).toFixed(2)} s`;
    const rows = [
      ['sent', count(summary.sent)],
      ...(summary.rejected === undefined ? [] : [['not sent', `${count(summary.rejected)} rows that are no customers`]]),
      ['predicted', `${count(summary.predicted)}   yes ${count(summary.yes)}, no ${count(summary.no)}`],
      ['age band', `${band}: ${count(forwarded)} forwarded, ${count(predicted)} predicted`],
      ['by job', jobsOf(summary)],
      ['lost', count(summary.lost)],
      ['doubled', count(summary.duplicates)],
      ['dead-lettered', count(summary.deadLettered)],
      ['speed', `${count(summary.eventsPerSecond)} events/s; first prediction ${first}`],
      ['broker', summary.broker],
      ['next', next],
    ];
    process.stdout.write(
      `\nRead back from the topics, for this run alone:\n${rows.map(([name, value]) => `  ${String(name).padEnd(14)} ${value}\n`).join('')}`,
    );
  }
}

const JOBS_SHOWN = 3;

/** The jobs that say yes most often, and whether the app's table has the same counts. */
function jobsOf({ jobs, jobsWrong }: Summary): string {
  const share = ({ yes, no }: Answers) => yes / Math.max(1, yes + no);
  const first = Object.entries(jobs)
    .sort(([, a], [, b]) => share(b) - share(a))
    .slice(0, JOBS_SHOWN)
    .map(([job, answers]) => `${job} ${(100 * share(answers)).toFixed(0)} %`);
  const all = Object.keys(jobs).length;
  const table = jobsWrong.length === 0 ? `the table agrees on all ${all} jobs` : `THE TABLE DIFFERS on ${jobsWrong.join(', ')}`;
  return `yes most often: ${first.join(', ')}; ${table}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
