import type { Row, Table } from './tables.ts';

function rows<Place extends string>(
  places: readonly Place[],
  list: ReadonlyArray<readonly [name: string, value: unknown, ...cells: string[]]>,
): Row<Place>[] {
  return list.map(([name, value, ...cells]) => {
    const byPlace = Object.fromEntries(places.map((place, at) => [place, cells[at] ?? ''])) as Record<Place, string>;
    return { name, value, cells: byPlace };
  });
}

/** Values of a row that a model behind HTTP is asked about. */
const sent = ['http.rows() and others', 'http.tensorFlowServing()'] as const;
export const SENT: Table<(typeof sent)[number]> = {
  name: 'model-rows',
  places: sent,
  rows: rows(sent, [
    ['null: a missing value', null, '`null`', '`null`'],
    ['`NaN`', Number.NaN, 'refused', '`NaN`'],
    ['`Infinity`', Number.POSITIVE_INFINITY, 'refused', '`Infinity`'],
    ['`-0`', -0, '`0`', '`0`'],
    ['`9007199254740993n`', 9_007_199_254_740_993n, 'refused', 'refused'],
    ['half of a surrogate pair', '\ud800', 'refused', 'refused'],
    ['a `Date`', new Date(0), '`"1970-01-01T00:00:00.000Z"`', '`"1970-01-01T00:00:00.000Z"`'],
    ['an invalid `Date`', new Date(Number.NaN), 'refused', 'refused'],
    ['a `Map`', new Map([['a', 1]]), 'refused', 'refused'],
    ['a `Set`', new Set([1]), 'refused', 'refused'],
    ['a typed array', new Float32Array([1]), 'refused', 'refused'],
    ['a `Buffer`', Buffer.from('a'), 'refused', 'refused'],
    ['`undefined`, in a list', [undefined], 'refused', 'refused'],
    ['`undefined`, as a field', undefined, 'left out', 'left out'],
  ]),
};

/** JSON texts, as an answer of a model and as a feature in a request to `streamer model serve`. */
const read = ['an answer', 'a request to the model server'] as const;
export const ASKED: Table<(typeof read)[number]> = {
  name: 'model-texts',
  places: read,
  rows: rows(read, [
    ['`9007199254740993`', '9007199254740993', 'refused', 'refused'],
    ['`9007199254740992`', '9007199254740992', 'exact', 'exact'],
    ['`0.30000000000000004`', '0.30000000000000004', 'exact', 'exact'],
    ['`1e400`', '1e400', 'refused', 'refused'],
    ['`1e39`', '1e39', 'exact', 'refused: a feature has 32 bits'],
    ['`NaN`', 'NaN', 'refused', 'exact: a missing value'],
    ['`Infinity`', 'Infinity', 'refused', 'refused'],
    ['`null`', 'null', 'refused', 'exact: a missing value'],
    ['`true` for a number', 'true', 'exact', 'refused'],
    ['`"\\ud800"`, half of a surrogate pair', '"\\ud800"', 'refused', 'refused'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'refused', 'refused'],
  ]),
};
