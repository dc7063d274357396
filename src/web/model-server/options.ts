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
  refuse,
  wholeNumber,
} from '../../options/index.ts';
import { FAULTS, type Faults } from './faults.ts';

/**
 * The forms of requests.
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
  /**
   * Most bytes of all bodies that are read or scored at once, over all connections; one more is answered 429 with `Retry-After`.
   * @default 64 MiB, at least 4 * `bodyBytes`
   */
  readonly memoryBytes?: number | undefined;
  /** Most connections; a further one is answered 503 with `Retry-After`, and closed. @default 1_000 */
  readonly connections?: number | undefined;
  /** Most rows of one request; more are answered 413. @default 10_000 */
  readonly rows?: number | undefined;
  /** Most requests that are scored at once. @default 16 */
  readonly concurrency?: number | undefined;
  /** Most requests that wait for that; a further one is answered 429 with `Retry-After`. @default 256 */
  readonly queue?: number | undefined;
  /** Longest time for one request in milliseconds; after it, the answer is 503 with `Retry-After`. @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** The model's shape, for its metadata. */
export interface ServedShape {
  /** Numbers of a row that is a list. */
  readonly features?: number | undefined;
  /** Fields of a row that is an object. @default none: rows are lists */
  readonly columns?: ReadonlyMap<string, 'number' | 'text'> | undefined;
  /** Numbers of an answer. */
  readonly answers?: number | undefined;
}

export interface ServeOptions<Row, Answer> {
  /** Scores every request. A row that does not fit fails alone there (`RowErrors`), and is answered 422. */
  readonly model: Model<Row, Answer>;
  /** Its name in the paths of `oip` and in metrics. @default 'model' */
  readonly name?: string | undefined;
  /** @default all */
  readonly protocols?: readonly ServedProtocol[] | undefined;
  /** Returns the answer of `/predict` for a row. @default the model's answer */
  readonly answer?: ((answer: Answer) => unknown) | undefined;
  /** Checks rows before the model sees them: any Standard Schema. @default none */
  readonly schema?: StandardSchemaV1<unknown, Row> | undefined;
  /** For metadata; called for each request, since a model may be swapped. */
  readonly shape?: (() => ServedShape | undefined) | undefined;
  readonly limits?: ServeLimits | undefined;
  /** Deliberate misbehaviour, to test clients: see `Faults`. With it, `PUT /faults` changes them. @default none */
  readonly faults?: Faults | undefined;
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes a free port. @default 3000 */
  readonly port?: number | undefined;
  /** How long `close` waits for requests under way, in milliseconds. @default 5_000 */
  readonly drainMs?: number | undefined;
}

export type Limits = { readonly [Name in keyof ServeLimits]-?: number };

const MIB = 1024 * 1024;

const LIMITS: ChecksOf<ServeLimits> = {
  bodyBytes: wholeNumber(1),
  memoryBytes: wholeNumber(1),
  connections: wholeNumber(1),
  rows: wholeNumber(1),
  concurrency: wholeNumber(1),
  queue: wholeNumber(0),
  timeoutMs: durationMs(1),
};

const CHECKS: ChecksOf<ServeOptions<unknown, unknown>> = {
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

/** @throws ConfigError with every problem */
export function limitsOf(options: ServeOptions<unknown, unknown>): Limits {
  checkOptions<ServeOptions<unknown, unknown>>('model server', options, CHECKS);
  const { bodyBytes = 4 * MIB, rows = 10_000, concurrency = 16, queue = 256, timeoutMs = 30_000 } = options.limits ?? {};
  const { memoryBytes = Math.max(64 * MIB, 4 * bodyBytes), connections = 1_000 } = options.limits ?? {};
  if (memoryBytes < bodyBytes)
    refuse('model server', [`limits.memoryBytes: expected at least the bodyBytes of ${bodyBytes}, got ${memoryBytes}`]);
  return { bodyBytes, memoryBytes, connections, rows, concurrency, queue, timeoutMs };
}
