import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError } from '../errors.ts';
import type { Serde, SerdeContext } from './serde.ts';
import { preview, SerdeError } from './serde-error.ts';
import { text } from './serdes.ts';

/**
 * JSON in UTF-8. With a schema (any Standard Schema: zod, valibot, arktype ...) what is sent is validated before bytes
 * leave, and what is received is the schema's output. Without one, what is received is `unknown`.
 *
 * The bytes written are those of the value given, not of the schema's output, so that a reader with the same schema
 * accepts them whatever the schema transforms.
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

/** Throws (or rejects) with every field that does not fit; else gives the schema's output. @throws ConfigError at once for another thing than a schema */
export function checkedBy(schema: StandardSchemaV1): (value: unknown, context: SerdeContext) => unknown {
  const standard = (schema as Partial<StandardSchemaV1> | null)?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    const next = 'zod 3.24, valibot 1 and arktype 2, and later ones, are such.';
    throw new ConfigError(`json: expected a Standard Schema, got ${preview(schema)}`, { next });
  }
  return (value, context) => {
    const result = standard.validate(value);
    return result instanceof Promise ? result.then((answer) => check(answer, value, context)) : check(result, value, context);
  };
}

export function stringify(value: unknown, context: SerdeContext): string {
  let result: string | undefined;
  try {
    result = JSON.stringify(value);
  } catch (cause) {
    throw new SerdeError('VALIDATION', `${context.part}: cannot be written as JSON: ${(cause as Error).message}`, {
      topic: context.topic,
      cause,
    });
  }
  if (result === undefined) {
    throw new SerdeError('VALIDATION', `${context.part}: ${preview(value)} has no JSON form`, { topic: context.topic });
  }
  return result;
}

export function parse(bytes: Buffer, context: SerdeContext): unknown {
  const source = text(bytes, context);
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new SerdeError('DECODE', `${context.part}: not JSON: ${(cause as Error).message}`, { topic: context.topic, cause });
  }
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
