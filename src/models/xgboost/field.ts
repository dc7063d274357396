import { ConfigError } from '../../errors.ts';

type Numbers = ArrayLike<number>;

/** A value of a parsed model file with the path that leads to it, so that every complaint names its place. */
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
    if (field === undefined) throw new ConfigError(`the model file has no ${this.#pathOf(name)}: it is damaged, or no XGBoost model`);
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
    if (typeof this.value !== 'string') throw this.wrong(`must be a text, got ${shown(this.value)}`);
    return this.value;
  }

  /** A whole number, or the text of one: XGBoost writes parameters as texts. */
  whole(least = 0, most = 2 ** 31 - 1): number {
    const number = typeof this.value === 'string' && /^-?\d+$/.test(this.value) ? Number(this.value) : this.value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most)
      throw this.wrong(`must be a whole number of ${least} to ${most}, got ${shown(this.value)}`);
    return number;
  }

  list(): Field[] {
    const { value } = this;
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) throw this.wrong(`must be a list, got ${shown(value)}`);
    return Array.from(value as ArrayLike<unknown>, (item, at) => new Field(item, `${this.path}[${at}]`));
  }

  /** Numbers rounded to float32; null and NaN are NaN, which is junk that XGBoost writes where nobody looks. */
  floats(length?: number): Float32Array {
    return Float32Array.from(
      this.#numbers(length, (item) => item === null || typeof item === 'number'),
      (item) => item ?? Number.NaN,
    );
  }

  /** Numbers as they are, for what may be a 64-bit whole number. */
  reals(): number[] {
    return Array.from(this.#numbers(undefined, (item) => typeof item === 'number'));
  }

  wholes(length?: number): Int32Array {
    return Int32Array.from(this.#numbers(length, (item) => typeof item === 'number' && (item | 0) === item));
  }

  /** 0/1, or false/true as older files have it. */
  bits(length?: number): Uint8Array {
    return Uint8Array.from(this.#numbers(length, (item) => item === 0 || item === 1 || typeof item === 'boolean'));
  }

  wrong(what: string): ConfigError {
    return new ConfigError(`the model file is damaged: ${this.path} ${what}`);
  }

  #object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
      throw this.wrong(`must be an object, got ${shown(value)}`);
    return value as Record<string, unknown>;
  }

  #numbers(length: number | undefined, fits: (item: unknown) => boolean): Numbers {
    const { value } = this;
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) throw this.wrong(`must be a list of numbers, got ${shown(value)}`);
    const list = value as ArrayLike<unknown>;
    if (length !== undefined && list.length !== length) throw this.wrong(`must have ${length} items, got ${list.length}`);
    for (let at = 0; at < list.length; at++) if (!fits(list[at])) throw this.wrong(`has ${shown(list[at])} at ${at}`);
    return list as Numbers;
  }

  #pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `a list of ${(value as unknown as ArrayLike<unknown>).length}`;
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
