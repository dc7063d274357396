/**
 * Where predictions come from, chosen by `MODEL`:
 *
 * - `server` (default): a model server at `MODEL_URL`.
 * - `in-process`: the trained model, computed by the worker itself; a file that is replaced is taken up without a stop.
 * - `seed`: the model and the answers of the project that this example goes back to, computed by the worker.
 */
export type ModelPlace = (typeof PLACES)[number];
const PLACES = ['server', 'in-process', 'seed'] as const;

/** @throws RangeError when `MODEL` is none of them */
export function placeOf({ MODEL }: Readonly<Record<string, string | undefined>>): ModelPlace {
  const place = PLACES.find((one) => one === (MODEL || 'server'));
  if (place === undefined) throw new RangeError(`MODEL must be one of ${PLACES.join(', ')}; got ${JSON.stringify(MODEL)}`);
  return place;
}
