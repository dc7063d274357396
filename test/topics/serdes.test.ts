import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { json } from '../../src/topics/json.ts';
import { number } from '../../src/topics/numbers.ts';
import { bytes, optional, string } from '../../src/topics/serdes.ts';

const context = { topic: 'orders', part: 'value' } as const;

describe('serdes', () => {
  it('string is strict UTF-8', () => {
    expect(string().decode(string().encode('grüße', context) as Buffer, context)).toBe('grüße');
    expect(() => string().decode(Buffer.from([0xff, 0xfe]), context)).toThrow(/not valid UTF-8/);
    expect(() => string().encode('a\ud800', context)).toThrow(/no half of a surrogate pair/);
    expect(() => string().encode(1 as never, context)).toThrow(/expected a string, got 1/);
  });

  it('number is a big-endian double, as Java writes it', () => {
    expect(number().encode(1.5, context)).toEqual(Buffer.from('3ff8000000000000', 'hex'));
    expect(number().decode(Buffer.from('3ff8000000000000', 'hex'), context)).toBe(1.5);
    expect(() => number().decode(Buffer.alloc(4), context)).toThrow(/expected 8 bytes/);
  });

  it('bytes are passed on as they are', () => {
    expect(bytes().decode(Buffer.from('abc'), context)).toEqual(Buffer.from('abc'));
    expect(bytes().encode(new Uint8Array([1, 2]).subarray(1), context)).toEqual(Buffer.from([2]));
    expect(() => bytes().encode('text' as never, context)).toThrow(/expected bytes/);
  });

  it('optional keys accept null', () => {
    expect(optional(string()).acceptsNull).toBe(true);
  });

  it('json validates both ways and names the field', () => {
    const serde = json(z.object({ id: z.string(), address: z.object({ lines: z.array(z.string()) }) }));
    const value = { id: '1', address: { lines: ['a'] } };
    expect(serde.decode(serde.encode(value, context) as Buffer, context)).toEqual(value);
    expect(() => serde.encode({ id: 1, address: { lines: [2] } } as never, context)).toThrow(/id: .*; address\.lines\[0\]: /);
    expect(() => serde.decode(Buffer.from('{"id":"1","address":'), context)).toThrow(/not JSON/);
    expect(() => serde.decode(Buffer.from([0x22, 0xff, 0x22]), context)).toThrow(/not valid UTF-8/);
  });

  it('json writes the value given, so that a schema that transforms can read it again', () => {
    const serde = json(z.object({ at: z.string().transform((text) => new Date(text)) }));
    const bytes = serde.encode({ at: '2026-11-21T00:00:00.000Z' }, context) as Buffer;
    expect(bytes.toString()).toBe('{"at":"2026-11-21T00:00:00.000Z"}');
    expect(serde.decode(bytes, context)).toEqual({ at: new Date('2026-11-21T00:00:00Z') });
  });

  it('json waits for schemas that validate asynchronously', async () => {
    const serde = json(z.string().refine(async (text) => text !== 'bad'));
    await expect(serde.encode('bad', context)).rejects.toMatchObject({ code: 'VALIDATION' });
    await expect(serde.decode(Buffer.from('"good"'), context)).resolves.toBe('good');
  });

  it('json awaits a validation that is a promise of another kind', async () => {
    const answer = Promise.resolve({ issues: [{ message: 'no number' }] });
    // biome-ignore lint/suspicious/noThenProperty: as a library with promises of its own returns it
    const validate = () => ({ then: (resolve: never, reject: never) => answer.then(resolve, reject) });
    const serde = json({ '~standard': { version: 1, vendor: 'test', validate } } as never);
    await expect(serde.encode('x' as never, { topic: 't', part: 'value' })).rejects.toThrow('no number');
    await expect(serde.decode(Buffer.from('"x"'), { topic: 't', part: 'value' })).rejects.toThrow('no number');
  });

  it('json wants a Standard Schema', () => {
    for (const schema of [{ type: 'object' }, null, 'string'])
      expect(() => json(schema as never)).toThrow(/expected a Standard Schema, got/);
  });

  it('json refuses what has no JSON form', () => {
    expect(() => json().encode(undefined, context)).toThrow(/no JSON form/);
    expect(() => json().encode(1n, context)).toThrow(/cannot be written as JSON/);
  });
});
