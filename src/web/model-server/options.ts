import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Model } from '../../models/index.ts';
import {
  aFunction,
  anything,
  type ChecksOf,
  checkOptions,
  durationMs,
  fields,
  nonEmptyString,
  oneOf,
  wholeNumber,
} from '../../options/index.ts';
import { FAULTS, type Faults } from './faults.ts';

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

const LIMITS: ChecksOf<ServeLimits> = {
  bodyBytes: wholeNumber(1),
  rows: wholeNumber(1),
  concurrency: wholeNumber(1),
  queue: wholeNumber(0),
  timeoutMs: durationMs(1),
};

const CHECKS: ChecksOf<ServeOptions<never, never>> = {
  model: anything,
  name: anything,
  protocols: {
    expected: `some of ${PROTOCOLS.join(', ')}`,
    fits: (value) => Array.isArray(value) && value.length > 0 && value.every((protocol) => oneOf(PROTOCOLS).fits(protocol)),
  },
  answer: aFunction,
  schema: anything,
  shape: aFunction,
  limits: fields(LIMITS),
  faults: fields(FAULTS),
  host: nonEmptyString,
  port: wholeNumber(0, 65_535),
  drainMs: durationMs(0),
};

/** @throws ConfigError with all that is wrong */
export function limitsOf(options: ServeOptions<never, never>): Limits {
  checkOptions<ServeOptions<never, never>>('model server', options, CHECKS);
  const { bodyBytes = 4 * 1024 * 1024, rows = 10_000, concurrency = 16, queue = 256, timeoutMs = 30_000 } = options.limits ?? {};
  return { bodyBytes, rows, concurrency, queue, timeoutMs };
}
