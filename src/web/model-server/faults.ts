import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { valueOf } from '../../models/record.ts';
import { type ChecksOf, durationMs, numberFrom, that, truth, wholeNumber } from '../../options/index.ts';
import { Problem } from './problem.ts';

/** Deliberate misbehaviour of a model server, to test its clients. All off by default. */
export interface Faults {
  /** Added to every answer, in milliseconds. */
  readonly latency?: number | undefined;
  /** Largest random time on top of that, in milliseconds. */
  readonly jitter?: number | undefined;
  /** Share of the requests that are answered `status` instead, 0 to 1. */
  readonly errors?: number | undefined;
  /** @default 503 */
  readonly status?: number | undefined;
  /** `Retry-After` of those, in seconds. @default none */
  readonly retryAfter?: number | undefined;
  /** With `true`, requests are taken and never answered. */
  readonly hang?: boolean | undefined;
  /** Share of the rows that are refused with 422, by their content: the same row is refused always or never. */
  readonly refused?: number | undefined;
  /** Rows with these values of fields are refused with 422, as `{ age: 99 }`. */
  readonly refuse?: Readonly<Record<string, string | number | boolean>> | undefined;
}

const aShare = numberFrom(0, 1);

export const FAULTS: ChecksOf<Faults> = {
  latency: durationMs(0),
  jitter: durationMs(0),
  errors: aShare,
  status: wholeNumber(400, 599),
  retryAfter: numberFrom(0, Number.MAX_VALUE),
  hang: truth,
  refused: aShare,
  refuse: that('fields with values', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
};

/** Returns faults that `FAULTS` has checked. */
export function faultsOf(checked: object): Faults {
  return checked;
}

/** Runs before a request is scored: waits, hangs, or throws the `Problem` that is answered. */
export async function misbehave(
  { latency = 0, jitter = 0, errors = 0, status = 503, retryAfter, hang }: Faults,
  signal: AbortSignal,
): Promise<void> {
  if (hang === true) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  const waitMs = latency + Math.random() * jitter;
  if (waitMs > 0) await delay(waitMs, undefined, { signal });
  if (errors > 0 && Math.random() < errors)
    throw new Problem(status, 'a deliberate error', retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
}

/** Returns the field to name when the row is refused on purpose; undefined when it is not refused. */
export function refusal(row: unknown, { refused = 0, refuse = {} }: Faults): { readonly field: string | undefined } | undefined {
  const entries = Object.entries(refuse);
  if (entries.length > 0 && entries.every(([field, value]) => valueOf(row, field) === value)) return { field: entries[0]?.[0] };
  return refused > 0 && share(row) < refused ? { field: undefined } : undefined;
}

/** Returns a number from 0 to 1 that depends on the row's content alone. */
function share(row: unknown): number {
  const digest = createHash('sha256')
    .update(JSON.stringify(row) ?? '')
    .digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}
