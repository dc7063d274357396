import fc from 'fast-check';
import { HANDLERS } from '../../src/broker/handlers/handlers.ts';
import { type Api, isFlexible } from '../../src/wire/api.ts';
import type { AnyField, Fields } from '../../src/wire/field.ts';

/** Every request type in every version that the embedded broker serves. */
export const everyVersion = HANDLERS.flatMap(({ api, versions }) =>
  Array.from({ length: versions[1] - versions[0] + 1 }, (_, i) => ({ api, name: api.name, version: versions[0] + i })),
);

/** Any message of this type and version. */
export function messageOf(api: Api, version: number, side: 'request' | 'response'): fc.Arbitrary<Record<string, unknown>> {
  return valueOf(api[side], version, isFlexible(api, version));
}

/** One message of this type and version, always the same. */
export function sampleOf(api: Api, version: number): Record<string, unknown> {
  return fc.sample(messageOf(api, version, 'request'), { numRuns: 1, seed: version })[0] as Record<string, unknown>;
}

function valueOf(fields: Fields, version: number, flexible: boolean): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, field]) => {
    const isPresent = field.since <= version && version <= field.until && (field.tag === undefined || flexible);
    return [name, isPresent ? fieldValue(field, version, flexible) : fc.constant(field.fallback)] as const;
  });
  return fc.record(Object.fromEntries(entries));
}

function fieldValue(field: AnyField, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  const value = plainValue(field, version, flexible);
  return field.nullableSince <= version ? fc.option(value, { nil: null }) : value;
}

function plainValue(field: AnyField, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  switch (field.type) {
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32_768, max: 32_767 });
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.maxSafeInteger();
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 40 });
    case 'uuid':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array).toString('base64url'));
    case 'bytes':
      return bytes;
    case 'records':
      return bytes.map((one) => [one]);
    case 'array':
      return fc.array(plainValue(field.item, version, flexible), { maxLength: 3 });
    case 'struct':
      return valueOf(field.fields, version, flexible);
  }
}
