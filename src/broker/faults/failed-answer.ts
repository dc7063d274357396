import type { Api } from '../../wire/api.ts';
import { type AnyField, type Fields, itemFields } from '../../wire/field.ts';

type Struct = { readonly [name: string]: unknown };

/**
 * The answer to a request of which nothing was carried out, read off the tables of its type: an answer has a place for
 * each thing that was asked about, of the same name, and `errorCode` stands in each.
 */
export function failedAnswer(api: Api, version: number, request: object, errorCode: number): Struct {
  return failed(api.response, api.request, request as Struct, version, errorCode);
}

/** @param asked one struct of the request, or a bare name or number */
function failed(answer: Fields, question: Fields, asked: unknown, version: number, errorCode: number): Struct {
  const value: Record<string, unknown> = {};
  const own = typeof asked === 'object' && asked !== null ? (asked as Struct) : undefined;
  let bare: unknown = own === undefined ? asked : undefined;
  for (const [name, field] of Object.entries(answer)) {
    if (name === 'errorCode') value[name] = errorCode;
    else if (field.type === 'array')
      value[name] = carriesError(field) && own ? failedItems(name, field, question, own, version, errorCode) : [];
    else if (own?.[name] !== undefined) value[name] = own[name];
    else if (bare !== undefined && typeof bare === (field.type === 'string' ? 'string' : 'number')) {
      value[name] = bare;
      bare = undefined;
    } else value[name] = nothing(field);
  }
  return value;
}

function failedItems(name: string, field: AnyField, question: Fields, asked: Struct, version: number, errorCode: number): unknown[] {
  const [from, list] = Object.entries(question).find(([other, one]) => other === name && isList(one, version)) ??
    Object.entries(question).find(([, one]) => isList(one, version)) ?? ['', undefined];
  const items = asked[from];
  if (!Array.isArray(items)) return [];
  return items.map((item) => failed(itemFields(field), itemFields(list), item, version, errorCode));
}

function isList(field: AnyField, version: number): boolean {
  return field.type === 'array' && field.since <= version && version <= field.until;
}

function carriesError(field: AnyField): boolean {
  return Object.entries(itemFields(field)).some(([name, inner]) => name === 'errorCode' || carriesError(inner));
}

/** As Kafka fills the offsets of a failure. */
function nothing(field: AnyField): unknown {
  return field.type === 'int64' && field.fallback === 0 ? -1 : field.fallback;
}
