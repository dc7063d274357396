import { shown } from '../http/json.ts';
import { Misfit } from '../http/misfit.ts';
import type { RowOutcome } from '../model-error.ts';
import { isRecord } from '../record.ts';

/** Returns one answer per row from a list, which must have `count` entries. */
export function listed(body: unknown, count: number, what = 'a list'): Array<RowOutcome<unknown>> {
  if (!Array.isArray(body)) throw new Misfit(`must answer ${what} of ${count}, got ${shown(body)}`);
  return body.map((answer: unknown) => ({ answer }));
}

/** The same from a list, or from an object of lists: there the answer of a row is an object with an entry of each. */
export function listedOrColumns(body: unknown, count: number, what = 'a list'): Array<RowOutcome<unknown>> {
  if (!isRecord(body)) return listed(body, count, what);
  const columns = Object.entries(body).map(([name, values]): [string, readonly unknown[]] => {
    if (!Array.isArray(values)) throw new Misfit(`must answer ${what} of ${count}, or an object of lists, got ${shown(body)}`);
    if (values.length !== count) throw new Misfit(`was asked ${count} rows and answered ${values.length} in "${name}"`);
    return [name, values];
  });
  if (columns.length === 0) throw new Misfit(`must answer ${what} of ${count}, got {}`);
  return Array.from({ length: count }, (_, at) => ({ answer: Object.fromEntries(columns.map(([name, values]) => [name, values[at]])) }));
}

/** Returns the member of an object answer that holds the predictions. */
export function member(body: unknown, name: string): unknown {
  if (isRecord(body) && Object.hasOwn(body, name)) return body[name];
  throw new Misfit(`must answer an object with "${name}", got ${shown(body)}`);
}
