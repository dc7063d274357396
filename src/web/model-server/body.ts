import type { Context } from 'hono';
import { readJson } from '../../models/http/json.ts';
import { NotUtf8, utf8Text } from '../../models/http/utf8.ts';
import { DetailedProblem, Problem } from './problem.ts';

/** A body that is announced to be no longer than this is read at once. A longer one is counted as it arrives. */
const SHORT = 64 * 1024;

/** Counts the bytes of all requests that are being read or scored, over all connections. */
export class BodyBudget {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws Problem 429 when there is no room */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#most)
      throw new Problem(429, `requests under way have ${this.#taken} bytes; all together may have ${this.#most}`, { 'retry-after': '1' });
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

/**
 * Reads a request's body, and runs the work with it. Its bytes count until the work has ended.
 *
 * @throws Problem when it is too long, there is no room for it, or it is not JSON in UTF-8
 */
export async function withBody<Result>(
  context: Context,
  { most, budget }: { readonly most: number; readonly budget: BodyBudget },
  work: (body: unknown) => Promise<Result>,
): Promise<Result> {
  const tooLong = () => new Problem(413, `the body must not exceed ${most} bytes`);
  const announced = Number(context.req.header('content-length') ?? Number.NaN);
  if (announced > most) throw tooLong();
  let taken = 0;
  const take = (bytes: number) => {
    if (taken + bytes > most) throw tooLong();
    budget.take(bytes);
    taken += bytes;
  };
  try {
    return await work(parsed(announced <= SHORT ? await whole(context, announced, take) : await pieces(context, take)));
  } finally {
    budget.give(taken);
  }
}

async function whole(context: Context, announced: number, take: (bytes: number) => void): Promise<Uint8Array> {
  take(announced);
  return new Uint8Array(await context.req.arrayBuffer());
}

async function pieces(context: Context, take: (bytes: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of context.req.raw.body ?? []) {
    take(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return readJson(utf8Text(bytes));
  } catch (error) {
    const msg = error instanceof NotUtf8 ? `the body ${error.message}` : 'not JSON';
    throw new DetailedProblem(new Problem(422, msg), [{ type: 'json_invalid', loc: ['body'], msg }]);
  }
}
