import type { Context } from 'hono';
import PQueue from 'p-queue';
import { messageOf } from '../../errors.ts';
import { findInexact, readRule } from '../../models/http/inexact.ts';
import { type Model, ModelError, RowErrors } from '../../models/index.ts';
import { isFailed } from '../../models/model-error.ts';
import { isUnavailable } from '../../outage.ts';
import { deadline } from '../../timing/index.ts';
import { BodyBudget, withBody } from './body.ts';
import { type Faults, misbehave, refusal } from './faults.ts';
import { Metrics } from './metrics.ts';
import { type Limits, limitsOf, type ServeOptions } from './options.ts';
import { Problem, problemOf, problemsOfIssues, type RowProblem, refused } from './problem.ts';

const RETRY_AFTER = { 'retry-after': '1' };

export interface Scored {
  readonly answers: readonly unknown[];
  /** Version of the model that gave all of them. */
  readonly version: string | undefined;
}

/** Passes rows from the protocols to the model: bounded, checked, timed. */
export class Desk {
  readonly limits: Limits;
  readonly metrics = new Metrics();
  readonly #bodies: BodyBudget;
  faults: Faults;
  /** New requests are refused. */
  isClosing = false;
  readonly #options: ServeOptions<unknown, unknown>;
  readonly #queue: PQueue;

  constructor(options: ServeOptions<unknown, unknown>) {
    this.limits = limitsOf(options);
    this.#bodies = new BodyBudget(this.limits.memoryBytes);
    this.faults = options.faults ?? {};
    this.#options = options;
    this.#queue = new PQueue({ concurrency: this.limits.concurrency });
  }

  /** Reads the body of a request, and runs the work with it. @throws Problem */
  read<Result>(context: Context, work: (body: unknown) => Promise<Result>): Promise<Result> {
    return withBody(context, { most: this.limits.bodyBytes, budget: this.#bodies }, work);
  }

  get now(): { readonly inFlight: number; readonly queued: number; readonly version: string | undefined } {
    return { inFlight: this.#queue.pending, queued: this.#queue.size, version: this.#model.version };
  }

  /** @throws Problem when the model is not ready */
  async ready(): Promise<void> {
    if (this.isClosing) throw new Problem(503, 'the server is stopping', RETRY_AFTER);
    try {
      await this.#model.health?.();
    } catch (error) {
      throw new Problem(503, messageOf(error), RETRY_AFTER);
    }
  }

  /** @throws Problem when there is no answer for every row */
  async score(rows: readonly unknown[], gone: AbortSignal): Promise<Scored> {
    const { queue, rows: most, timeoutMs } = this.limits;
    if (rows.length > most) throw new Problem(413, `a request may have ${most} rows, got ${rows.length}`);
    if (this.isClosing) throw new Problem(503, 'the server is stopping', RETRY_AFTER);
    if (this.#queue.pending >= this.limits.concurrency && this.#queue.size >= queue)
      throw new Problem(429, `${this.#queue.pending} requests are under way and ${queue} wait`, RETRY_AFTER);
    const limit = deadline(gone, timeoutMs, () => new Problem(503, `no answer within ${timeoutMs} ms`, RETRY_AFTER));
    try {
      return await this.#queue.add(() => this.#answer(rows, limit.signal), { signal: limit.signal });
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      limit.end();
    }
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  get #model(): Model<unknown, unknown> {
    return this.#options.model;
  }

  async #answer(rows: readonly unknown[], signal: AbortSignal): Promise<Scored> {
    await misbehave(this.faults, signal);
    const checked = await this.#checked(rows);
    if (checked.length === 0) return { answers: [], version: this.#model.version };
    let version: string | undefined;
    try {
      const onVersion = (given: string) => void (version = given);
      const exactTypes = this.#options.schema === undefined;
      const answers = await this.#model.predict(checked, { signal, onVersion, exactTypes });
      this.metrics.rows += answers.length;
      return { answers, version };
    } catch (error) {
      throw this.#problem(error);
    }
  }

  async #checked(rows: readonly unknown[]): Promise<unknown[]> {
    const { schema } = this.#options;
    const problems: RowProblem[] = [];
    const checked: unknown[] = [];
    for (const [at, row] of rows.entries()) {
      const inexact = findInexact(row, readRule);
      if (inexact !== undefined) {
        problems.push({ row: at, field: inexact.place || undefined, type: 'value_error', message: `the value ${inexact.problem}` });
        continue;
      }
      const result = await schema?.['~standard'].validate(row);
      if (result?.issues !== undefined) problems.push(...problemsOfIssues(result.issues, at));
      else checked.push(result === undefined ? row : result.value);
      const onPurpose = refusal(row, this.faults);
      if (onPurpose !== undefined) problems.push({ row: at, field: onPurpose.field, type: 'on_purpose', message: 'refused on purpose' });
    }
    if (problems.length > 0) throw this.#refused(problems);
    return checked;
  }

  #problem(error: unknown): unknown {
    if (error instanceof RowErrors)
      return this.#refused(error.outcomes.flatMap((outcome, at) => (isFailed(outcome) ? [problemOf(outcome.error, at)] : [])));
    if (isUnavailable(error)) return new Problem(503, messageOf(error), RETRY_AFTER);
    if (error instanceof ModelError && error.code === 'REFUSED') return new Problem(422, error.message);
    return error;
  }

  #refused(problems: readonly RowProblem[]): Problem {
    this.metrics.refusedRows += new Set(problems.map(({ row }) => row)).size;
    return refused(problems);
  }
}
