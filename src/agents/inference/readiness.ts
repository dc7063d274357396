import { messageOf, propertyOf, StreamerError } from '../../errors.ts';
import { isUnavailable } from '../../outage.ts';
import type { InferencePlan } from './plan.ts';

/** These answers to a probe mean that there is no such path, or not for this client: only a real call can show more. */
const NO_HEALTH = new Set([401, 403, 404, 405, 407, 501]);

/** Resolves to the reason why the model is not ready; to `undefined` when it is, or has no health check. */
export async function unhealthy<Row, Answer>({ model, timeoutMs }: InferencePlan<Row, Answer>, signal: AbortSignal): Promise<unknown> {
  try {
    await model.health?.({ timeoutMs, signal });
  } catch (error) {
    if (!NO_HEALTH.has(Number(propertyOf(error, 'status')))) return error;
  }
  return undefined;
}

/** Resolves to the reason why the warm-up row could not be asked. Rejects when the model refuses it: then the row is wrong. */
export async function warmUp<Row, Answer>(
  { model, warmUp: row }: InferencePlan<Row, Answer>,
  ask: (rows: readonly Row[]) => Promise<unknown>,
): Promise<unknown> {
  if (typeof row !== 'object') return undefined;
  try {
    await ask([row.row]);
    return undefined;
  } catch (cause) {
    if (isUnavailable(cause)) return cause;
    const message = `inference: the model ${model.name} refuses the warm-up row: ${messageOf(cause)}`;
    throw new StreamerError('REFUSED', message, { cause, next: 'Give a `warmUp` row that the model accepts.' });
  }
}
