import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError } from '../errors.ts';
import { preview } from '../options/index.ts';
import { isThenable } from '../timing/index.ts';
import { findNotFinite } from './json-text/not-finite.ts';
import { NoJsonForm, type WriteOptions, writeJson } from './json-text/write.ts';
import type { Serde, SerdeContext } from './serde.ts';
import { SerdeError } from './serde-error.ts';
import { text } from './serdes.ts';

/**
 * JSON in UTF-8. With a schema (any Standard Schema: zod, valibot, arktype ...) a value is validated before it is sent, and a
 * received value is the schema's output. Without a schema received values are `unknown`.
 *
 * The bytes written are those of the given value, not of the schema's output, so that a reader with the same schema accepts
 * them even when the schema transforms values. A value that JSON cannot hold is refused; docs/values.md lists them.
 */
export function json(): Serde<unknown>;
export function json<S extends StandardSchemaV1>(schema: S): Serde<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>>;
export function json(schema?: StandardSchemaV1): Serde<unknown> {
  const encode = (value: unknown, context: SerdeContext) => Buffer.from(stringify(value, context), 'utf8');
  if (schema === undefined) return { name: 'json', encode, decode: parse };
  const checked = checkedBy(schema);
  return {
    name: 'json',
    encode(value, context) {
      const result = checked(value, context);
      return result instanceof Promise ? result.then(() => encode(value, context)) : encode(value, context);
    },
    decode: (bytes, context) => checked(parse(bytes, context), context),
  };
}

/**
 * Returns a function that gives the schema's output, or throws (rejects) with every field that does not fit.
 *
 * @throws ConfigError at once when the argument is not a schema
 */
export function checkedBy(schema: StandardSchemaV1): (value: unknown, context: SerdeContext) => unknown {
  if (!isStandardSchema(schema)) {
    const next = 'Standard Schemas are those of zod 3.24, valibot 1, arktype 2 and later.';
    throw new ConfigError(`json: expected a Standard Schema, got ${preview(schema)}`, { next });
  }
  const { validate } = schema['~standard'];
  return (value, context) => {
    const result = validate(value);
    if (!isThenable(result)) return check(result, value, context);
    return Promise.resolve(result).then((answer) => check(answer, value, context));
  };
}

/** The argument may come from JavaScript. */
function isStandardSchema(schema: unknown): boolean {
  const standard: unknown = Object(schema)['~standard'];
  return typeof Object(standard).validate === 'function';
}

const NO_BIGINTS: WriteOptions = { bigints: false };

export function stringify(value: unknown, context: SerdeContext): string {
  return writeValue(value, context, NO_BIGINTS);
}

/** @throws SerdeError `VALIDATION` that names the part which JSON cannot hold */
export function writeValue(value: unknown, context: SerdeContext, options: WriteOptions): string {
  try {
    return writeJson(value, options);
  } catch (cause) {
    const path = cause instanceof NoJsonForm ? cause.path : '';
    // What else is thrown comes from a getter, or a `toJSON`, of the value.
    const reason = cause instanceof NoJsonForm ? cause.message : `cannot be written as JSON: ${messageOf(cause)}`;
    const { topic, part } = context;
    throw new SerdeError('VALIDATION', `${part}: ${path === '' ? '' : `${path}: `}${reason}`, { topic, path, cause });
  }
}

/** Reads JSON; numbers are the nearest that JavaScript has. Those that would become infinite are refused. */
export function parse(bytes: Buffer, context: SerdeContext): unknown {
  return parseJson(bytes, context, (source) => {
    const value: unknown = JSON.parse(source);
    const path = findNotFinite(source, value);
    if (path === undefined) return value;
    const reason = `${path === '' ? '' : `${path}: `}a number beyond 1.8e308: exactJson() reads it`;
    throw new SerdeError('DECODE', `${context.part}: ${reason}`, { topic: context.topic, path });
  });
}

export function parseJson(bytes: Buffer, context: SerdeContext, read: (source: string) => unknown): unknown {
  const source = text(bytes, context);
  try {
    return read(source);
  } catch (cause) {
    if (cause instanceof SerdeError) throw cause;
    throw new SerdeError('DECODE', `${context.part}: not JSON: ${messageOf(cause)}`, { topic: context.topic, cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function check(result: StandardSchemaV1.Result<unknown>, value: unknown, context: SerdeContext): unknown {
  if (result.issues === undefined) return result.value;
  const shown = result.issues.slice(0, 5).map((issue) => `${pathOf(issue) || '(whole value)'}: ${issue.message}`);
  const more = result.issues.length > shown.length ? ` (and ${result.issues.length - shown.length} more)` : '';
  const first = result.issues[0];
  throw new SerdeError('VALIDATION', `${context.part}: ${shown.join('; ')}${more}; got ${preview(value)}`, {
    topic: context.topic,
    path: first === undefined ? '' : pathOf(first),
  });
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  let path = '';
  for (const part of issue.path ?? []) {
    const key = typeof part === 'object' ? part.key : part;
    path += typeof key === 'number' ? `[${key}]` : path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}
