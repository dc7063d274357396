import type { StandardSchemaV1 } from '@standard-schema/spec';

/**
 * Checks with the schema given and passes on the value itself, so that every field beyond the declared ones arrives. A schema that
 * copies objects leaves out fields that are named like a property of Object, as a column `constructor` is.
 */
export function asItCame<S extends StandardSchemaV1>(schema: S): StandardSchemaV1<StandardSchemaV1.InferInput<S>> {
  const resultOf = (result: StandardSchemaV1.Result<unknown>, value: StandardSchemaV1.InferInput<S>) =>
    result.issues ? result : { value };
  return {
    '~standard': {
      version: 1,
      vendor: 'streamer',
      validate(value: StandardSchemaV1.InferInput<S>) {
        const result = schema['~standard'].validate(value);
        return result instanceof Promise ? result.then((answer) => resultOf(answer, value)) : resultOf(result, value);
      },
    },
  };
}
