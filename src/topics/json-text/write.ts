import { randomUUID } from 'node:crypto';
import { types } from 'node:util';
import { preview } from '../../options/index.ts';
import { isExact } from './exact.ts';
import { ExactNumber } from './exact-number.ts';

/** A value that JSON cannot hold. */
export class NoJsonForm extends Error {
  override name = 'NoJsonForm';
  /** Of the part that has no form, as `items[2].price`; empty for the whole value. */
  readonly path: string;

  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

export interface WriteOptions {
  /** Writes a `bigint` as the number that it is; otherwise it is refused. */
  readonly bigints: boolean;
}

/** Stands for a number that `JSON.stringify` would change. It is random, so no value can contain it. */
const MARK = `${randomUUID()}:`;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, 'g');

/**
 * Writes JSON exactly, or not at all: what `JSON.stringify` would change (numbers that are not finite, invalid dates, maps, sets,
 * typed arrays, functions, `undefined` in a list) is refused. Fields that are `undefined` are left out.
 *
 * @throws NoJsonForm
 */
export function writeJson(value: unknown, options: WriteOptions): string {
  try {
    if (isExact(value)) return JSON.stringify(value);
    const form = new Forms(options.bigints);
    const written = JSON.stringify(form.of(value));
    return form.hasMarks ? written.replace(MARKED, '$1') : written;
  } catch (error) {
    if (error instanceof RangeError) throw new NoJsonForm('', 'cannot be written as JSON: it contains itself, or is nested too deeply');
    // The second walk notes where it is; doing so every time would cost more than the walk.
    if (error instanceof NoJsonForm) new Forms(options.bigints, []).of(value);
    throw error;
  }
}

type Fields = { readonly [name: string]: unknown };

function isFields(value: object | null): value is { [name: string]: unknown } {
  return value !== null;
}

/**
 * Finds the form of a value that `JSON.stringify` writes exactly: the value itself when nothing in it needs another one, else a copy
 * of the objects that hold such a part.
 */
class Forms {
  hasMarks = false;
  readonly #bigints: boolean;
  readonly #path: Array<string | number> | undefined;

  constructor(bigints: boolean, path?: Array<string | number>) {
    this.#bigints = bigints;
    this.#path = path;
  }

  /** @param at name or position of the value, as `toJSON` is given it */
  of(value: unknown, at: string | number = ''): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value)) throw this.#refused(`${value} has no JSON form`);
        return Object.is(value, -0) ? this.#marked('-0') : value;
      case 'bigint':
        if (this.#bigints) return this.#marked(String(value));
        throw this.#refused(`the bigint ${value} cannot be written as JSON: exactJson() writes it`);
      case 'object':
        return isFields(value) ? this.#object(value, at) : value;
      default:
        throw this.#refused(`${preview(value)} has no JSON form`);
    }
  }

  #object(value: Fields, at: string | number): unknown {
    if (Array.isArray(value)) return this.#list(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if ((prototype === Object.prototype || prototype === null) && !('toJSON' in value)) return this.#fields(value);
    return this.#instance(value, at);
  }

  #instance(value: Fields, at: string | number): unknown {
    if (value instanceof ExactNumber) return this.#marked(value.text);
    if (types.isDate(value) && Number.isNaN(value.getTime())) throw this.#refused('an invalid Date has no JSON form');
    if (value.toJSON === Date.prototype.toJSON) return value;
    if (types.isBoxedPrimitive(value)) return this.of(value.valueOf(), at);
    if (hasToJson(value)) return this.of(value.toJSON(String(at)), at);
    // Nothing that an opaque object holds is in its properties; and of an instance without properties nothing would be left.
    if (isOpaque(value) || Object.keys(value).length === 0) throw this.#refused(`${nameOf(value)} has no JSON form`);
    return this.#fields(value);
  }

  #list(list: readonly unknown[]): unknown {
    let copy: unknown[] | undefined;
    for (let at = 0; at < list.length; at++) {
      const part = list[at];
      const form = this.#part(part, at);
      if (form === part) continue;
      copy ??= [...list];
      copy[at] = form;
    }
    return copy ?? list;
  }

  #fields(value: Fields): unknown {
    let copy: { [name: string]: unknown } | undefined;
    for (const name of Object.keys(value)) {
      const part = value[name];
      if (part === undefined) continue;
      const form = this.#part(part, name);
      if (form === part) continue;
      copy ??= { ...value };
      // An assignment does not reach a field named `__proto__`.
      if (name !== '__proto__') copy[name] = form;
      else Object.defineProperty(copy, name, { value: form, enumerable: true });
    }
    return copy ?? value;
  }

  #part(part: unknown, at: string | number): unknown {
    if (this.#path === undefined) return this.of(part, at);
    this.#path.push(at);
    const form = this.of(part, at);
    this.#path.pop();
    return form;
  }

  #marked(number: string): string {
    this.hasMarks = true;
    return MARK + number;
  }

  #refused(reason: string): NoJsonForm {
    let path = '';
    for (const part of this.#path ?? []) path += typeof part === 'number' ? `[${part}]` : path === '' ? part : `.${part}`;
    return new NoJsonForm(path, reason);
  }
}

function hasToJson(value: Fields): value is { toJSON(name: string): unknown } {
  return typeof value.toJSON === 'function';
}

function isOpaque(value: object): boolean {
  return (
    types.isMap(value) ||
    types.isSet(value) ||
    types.isRegExp(value) ||
    types.isNativeError(value) ||
    types.isPromise(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}

function nameOf(value: object): string {
  const { constructor: made } = value;
  return typeof made === 'function' && made.name !== '' ? `an instance of ${made.name}` : preview(value);
}
