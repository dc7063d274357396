import { ConfigError } from '../../errors.ts';
import { type AnyRecord, isList, isRecord } from '../record.ts';

/** A value of a parsed model file with its path, so that every error names its place. */
export class Field {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  /** @throws ConfigError when there is none */
  get(name: string): Field {
    const field = this.find(name);
    if (field === undefined) throw new ConfigError(`the model file has no ${this.#pathOf(name)}: it is damaged, or not an XGBoost model`);
    return field;
  }

  find(name: string): Field | undefined {
    const value = this.#object();
    return Object.hasOwn(value, name) ? new Field(value[name], this.#pathOf(name)) : undefined;
  }

  keys(): string[] {
    return Object.keys(this.#object());
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.wrong(`must be a string, got ${shown(this.value)}`);
    return this.value;
  }

  /** Returns a whole number, or one written as a string: XGBoost writes parameters as strings. */
  whole(least = 0, most = 2 ** 31 - 1): number {
    const number = typeof this.value === 'string' && /^-?\d+$/.test(this.value) ? Number(this.value) : this.value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most)
      throw this.wrong(`must be a whole number of ${least} to ${most}, got ${shown(this.value)}`);
    return number;
  }

  list(): Field[] {
    const { value } = this;
    if (!isList(value)) throw this.wrong(`must be a list, got ${shown(value)}`);
    return Array.from(value, (item, at) => new Field(item, `${this.path}[${at}]`));
  }

  /** Returns numbers rounded to float32; null and NaN are NaN, which XGBoost writes in places that it never reads. */
  floats(length?: number): Float32Array {
    return Float32Array.from(
      this.#items(length, (item) => item === null || typeof item === 'number'),
      (item) => (item === null ? Number.NaN : Number(item)),
    );
  }

  /** Returns numbers in 64 bits. */
  reals(): number[] {
    return Array.from(
      this.#items(undefined, (item) => typeof item === 'number'),
      Number,
    );
  }

  wholes(length?: number): Int32Array {
    return Int32Array.from<unknown>(
      this.#items(length, (item) => typeof item === 'number' && (item | 0) === item),
      Number,
    );
  }

  /** Returns flags: 0 and 1, or false and true as in older files. */
  bits(length?: number): Uint8Array {
    return Uint8Array.from<unknown>(
      this.#items(length, (item) => item === 0 || item === 1 || typeof item === 'boolean'),
      Number,
    );
  }

  wrong(what: string): ConfigError {
    return new ConfigError(`the model file is damaged: ${this.path} ${what}`);
  }

  #object(): AnyRecord {
    const { value } = this;
    if (!isRecord(value) || ArrayBuffer.isView(value)) throw this.wrong(`must be an object, got ${shown(value)}`);
    return value;
  }

  #items(length: number | undefined, fits: (item: unknown) => boolean): ArrayLike<unknown> {
    const { value: list } = this;
    if (!isList(list)) throw this.wrong(`must be a list of numbers, got ${shown(list)}`);
    if (length !== undefined && list.length !== length) throw this.wrong(`must have ${length} items, got ${list.length}`);
    for (let at = 0; at < list.length; at++) if (!fits(list[at])) throw this.wrong(`has ${shown(list[at])} at ${at}`);
    return list;
  }

  #pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

function shown(value: unknown): string {
  if (isList(value)) return `a list of ${value.length}`;
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
