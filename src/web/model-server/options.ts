import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError } from '../../errors.ts';
import type { Model } from '../../models/index.ts';
import { type Faults, problemsOfFaults } from './faults.ts';

/**
 * How rows are asked about.
 *
 * - `rows`: `POST /predict`, an object for an answer, or a list of rows for a list of answers.
 * - `columnar`: `POST /predict`, an object of lists, as `{ "year": [2017, 2019] }`, for a list of answers.
 * - `oip`: the Open Inference Protocol v2 (KServe's) in JSON, at `/v2`.
 */
export type ServedProtocol = (typeof PROTOCOLS)[number];
export const PROTOCOLS = ['rows', 'columnar', 'oip'] as const;

export interface ServeLimits {
  /** Longest body in bytes; a longer one is answered 413. @default 4 MiB */
  readonly bodyBytes?: number | undefined;
  /** Most rows of one request; more are answered 413. @default 10_000 */
  readonly rows?: number | undefined;
  /** Requests that are scored at once. @default 16 */
  readonly concurrency?: number | undefined;
  /** Requests that wait for that; one more is answered 429 with `Retry-After`. @default 256 */
  readonly queue?: number | undefined;
  /** Longest time for one request in milliseconds; past it, it is answered 503 with `Retry-After`. @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** What metadata say of the model. */
export interface ServedShape {
  /** Numbers of a row that is a list. */
  readonly features?: number | undefined;
  /** Fields of a row that is an object. @default none: rows are lists */
  readonly columns?: ReadonlyMap<string, 'number' | 'text'> | undefined;
  /** Numbers of an answer. */
  readonly answers?: number | undefined;
}

export interface ServeOptions<Row, Answer> {
  /** Asked for every request. Rows that do not fit fail alone there (`RowErrors`), and are answered 422. */
  readonly model: Model<Row, Answer>;
  /** Its name in the paths of `oip` and in metrics. @default 'model' */
  readonly name?: string | undefined;
  /** @default all */
  readonly protocols?: readonly ServedProtocol[] | undefined;
  /** What `/predict` answers for a row. @default the model's answer as it is */
  readonly answer?: ((answer: Answer) => unknown) | undefined;
  /** Checks rows before the model sees them: any Standard Schema. @default none */
  readonly schema?: StandardSchemaV1<unknown, Row> | undefined;
  /** For metadata; asked anew each time, since a model may be swapped. */
  readonly shape?: (() => ServedShape | undefined) | undefined;
  readonly limits?: ServeLimits | undefined;
  /** Misbehaves as told, for tests of whoever asks: see `Faults`. With it, `PUT /faults` changes them. @default none */
  readonly faults?: Faults | undefined;
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes a free one. @default 3000 */
  readonly port?: number | undefined;
  /** How long `close` waits for requests under way, in milliseconds. @default 5_000 */
  readonly drainMs?: number | undefined;
}

export type Limits = { readonly [Name in keyof ServeLimits]-?: number };

/** @throws ConfigError with all that is wrong */
export function limitsOf({
  limits = {},
  protocols = PROTOCOLS,
  port = 3_000,
  drainMs = 5_000,
  faults,
}: ServeOptions<never, never>): Limits {
  const { bodyBytes = 4 * 1024 * 1024, rows = 10_000, concurrency = 16, queue = 256, timeoutMs = 30_000 } = limits;
  const complete = { bodyBytes, rows, concurrency, queue, timeoutMs };
  const problems = Object.entries(complete)
    .filter(([name, value]) => !Number.isInteger(value) || value < (name === 'queue' ? 0 : 1))
    .map(([name, value]) => `limits.${name} must be a whole number of at least ${name === 'queue' ? 0 : 1}, got ${value}`);
  for (const protocol of protocols)
    if (!PROTOCOLS.includes(protocol))
      problems.push(`there is no protocol ${JSON.stringify(protocol)}: ${PROTOCOLS.join(', ')} are served`);
  if (protocols.length === 0) problems.push('no protocol is to be served');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push(`port must be a whole number of 0 to 65535, got ${port}`);
  if (!(drainMs >= 0)) problems.push(`drainMs must be at least 0, got ${drainMs}`);
  if (faults !== undefined) problems.push(...problemsOfFaults(faults));
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `model server: ${problem}`));
  return complete;
}
