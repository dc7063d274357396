import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { avro, type json, SerdeError } from '../../src/topics/index.ts';
import { User } from '../helpers/avro-schemas.ts';

const context = { topic: 'users', part: 'value' } as const;

const user = {
  id: -9_007_199_254_740_991,
  kind: 'BOT' as const,
  scores: [{ go: 1.5 }, {}],
  friend: null,
  balance: '-12.3',
  born: new Date('1969-12-30'),
  seen: new Date('2026-11-22T01:02:03.004Z'),
  exact: 1_795_300_000_123_456n,
  key: '00112233-4455-6677-8899-aabbccddeeff',
  mixed: { 'other.Point': { x: 0.5 } },
  mark: Buffer.from([1, 2]),
  raw: Buffer.from('raw'),
  isGood: true,
  alarm: 28_800_000,
};

describe('avro', () => {
  const serde = avro(User);
  const encode = (value: typeof user) => serde.encode(value, context) as Buffer;
  const error = (work: () => unknown) => {
    try {
      work();
    } catch (thrown) {
      return thrown as Error & { code: string; path: string };
    }
    throw new Error('it did not throw');
  };

  it('gives back what was written, defaults filled in', () => {
    const expected = { ...user, nick: null, was: 'PERSON', balance: '-12.30', mixed: { 'other.Point': { x: 0.5 } } };
    expect(serde.decode(encode(user), context)).toEqual(expected);
    const nested = encode({ ...user, friend: { ...user, nick: 'pal' } as never });
    expect(serde.decode(nested, context)).toMatchObject({ friend: { nick: 'pal', born: user.born, exact: user.exact } });
  });

  it('writes the bytes that the specification gives', () => {
    const bytesOf = (schema: Parameters<typeof avro>[0], value: unknown) =>
      (avro(schema).encode(value as never, context) as Buffer).toString('hex');
    expect(bytesOf('string', 'foo')).toBe('06666f6f');
    expect(bytesOf('long', -65)).toBe('8101');
    expect(bytesOf('long', -9_007_199_254_740_991)).toBe('fdffffffffffff1f');
    expect(bytesOf({ type: 'array', items: 'long' }, [3, 27])).toBe('04063600');
    expect(bytesOf(['null', 'string'], 'a')).toBe('020261');
    expect(bytesOf({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, '-1.28')).toBe('0280');
    expect(bytesOf({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, '1.28')).toBe('040080');
    expect(bytesOf({ type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 9 } as never, '-2')).toBe('fffffffe');
    expect(bytesOf({ type: 'int', logicalType: 'date' }, new Date('1970-01-02'))).toBe('02');
    expect(bytesOf({ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' } as never, user.key)).toBe(
      '00112233445566778899aabbccddeeff',
    );
  });

  it('names every field that does not fit, with what was expected and what came', () => {
    const wrong = { ...user, id: 'x', scores: [{ go: 1 }, { go: 'far' }], balance: '1.234', born: new Date(5), kind: 'CAT' };
    const { code, path, message } = error(() => encode(wrong as never));
    expect({ code, path }).toEqual({ code: 'VALIDATION', path: 'id' });
    expect(message).toContain('id: expected long, got "x"');
    expect(message).toContain('scores[1].go: expected double, got "far"');
    expect(message).toContain('balance: expected decimal of scale 2 (digits as text), got "1.234"');
    expect(message).toContain('born: expected date (a Date at 0:00 UTC)');
    expect(message).toContain('kind: expected enum shop.Kind (PERSON, BOT), got "CAT"');
    expect(error(() => encode({ ...user, mixed: { int: 'a' } } as never)).message).toContain('mixed.int: expected int, got "a"');
    expect(error(() => encode({ ...user, exact: 5 } as never)).message).toContain(
      'exact: expected null | timestamp-micros (a bigint) | string',
    );
  });

  it('names the field at which bytes cannot be read', () => {
    const bytes = encode(user);
    expect(error(() => serde.decode(bytes.subarray(0, bytes.length - 1), context))).toMatchObject({ code: 'DECODE', path: 'alarm' });
    expect(error(() => serde.decode(bytes.subarray(0, 20), context)).message).toMatch(/scores\[0\].*expected .*got /);
    expect(error(() => serde.decode(Buffer.concat([bytes, bytes]), context)).message).toMatch(/ends at byte \d+, and \d+ more follow/);
    expect(error(() => serde.decode(Buffer.from('{"id":1,"nick":"x"}'), context))).toMatchObject({ code: 'DECODE', path: 'nick' });
    const badKind = Buffer.from(bytes);
    badKind[bytes.indexOf(Buffer.from([0, 2, 0])) + 1] = 9;
    expect(error(() => serde.decode(badKind, context)).message).toMatch(
      /kind: expected enum shop\.Kind \(PERSON, BOT\), got 0x09.* at byte \d+/,
    );
  });

  it('does not believe a count that the bytes cannot hold', () => {
    const huge = Buffer.from('feffffffffff0f', 'hex');
    expect(() => avro({ type: 'array', items: 'null' }).decode(huge, context)).toThrow(/expected array/);
    expect(() => avro({ type: 'map', values: 'int' }).decode(huge, context)).toThrow(/expected map/);
  });

  it('refuses numbers of more bits than their type has, and what is nested too deep', () => {
    expect(() => avro('int').decode(Buffer.from('ffffffffff7f', 'hex'), context)).toThrow(/more than 32 bits/);
    expect(() => avro('long').decode(Buffer.from('ffffffffffffffffffffff01', 'hex'), context)).toThrow(/more than 64 bits/);
    const chain = avro({ type: 'record', name: 'Chain', fields: [{ name: 'next', type: ['null', 'Chain'] }] });
    expect(error(() => chain.decode(Buffer.alloc(100_000, 2), context))).toMatchObject({ name: 'SerdeError', code: 'DECODE' });
  });

  it('answers whatever bytes come with a value or an error that names the place', () => {
    const bytes = encode({ ...user, friend: user as never });
    const mutated = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length)).map(([at, byte, end]) => {
      const copy = Buffer.from(bytes.subarray(0, end));
      if (at < end) copy[at] = byte;
      return copy;
    });
    const garbage = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.oneof(mutated, garbage), (input) => {
        try {
          serde.decode(input, context);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SerdeError);
          expect(thrown).toMatchObject({ code: 'DECODE', message: expect.stringMatching(/^value: .*(expected .*, got |ends at byte)/) });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps a map key named __proto__', () => {
    const map = avro({ type: 'map', values: 'int' });
    const value = JSON.parse('{"__proto__":1,"7":2}') as Record<string, number>;
    expect(Object.entries(map.decode(map.encode(value, context) as Buffer, context) as object)).toEqual([
      ['7', 2],
      ['__proto__', 1],
    ]);
  });

  it('reads long as bigint when asked, and refuses numbers that would be rounded otherwise', () => {
    const big = avro({ type: 'array', items: ['null', 'long'] }, { long: 'bigint' });
    const bytes = big.encode([1n, null, -(2n ** 63n)], context) as Buffer;
    expect(big.decode(bytes, context)).toEqual([1n, null, -(2n ** 63n)]);
    expect(() => avro({ type: 'array', items: ['null', 'long'] }).decode(bytes, context)).toThrow(/\[2\].*beyond 2\^53/);
    expect(() => big.encode([1 as never], context)).toThrow(/\[0\]: expected null \| long \(a bigint\), got 1/);
  });

  it('writes only symbols of its own', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(() => encode({ ...user, kind: name as never })).toThrow(/kind: expected enum/);
    expect(() => encode({ ...user, mixed: { constructor: 1 } as never })).toThrow(/mixed: expected null \| int/);
  });

  it('neither writes nor reads text that is not UTF-8', () => {
    expect(() => encode({ ...user, nick: 'a\ud800' } as never)).toThrow(/nick: expected null \| string|nick: expected string, got "a/);
    expect(error(() => avro('string').decode(Buffer.from('04fffe', 'hex'), context))).toMatchObject({
      code: 'DECODE',
      message: expect.stringContaining('not valid UTF-8'),
    });
    const map = avro({ type: 'map', values: 'int' });
    expect(() => map.encode({ '\udc00': 1 }, context)).toThrow(/expected map/);
    expect(() => map.decode(Buffer.from('0202ff0200', 'hex'), context)).toThrow(/not valid UTF-8/);
    expect(avro('string').decode(avro('string').encode('\ufffd🚀', context) as Buffer, context)).toBe('\ufffd🚀');
  });

  it('writes texts of every length as avsc does', () => {
    const texts = [0, 1, 62, 63, 64, 65, 200].flatMap((length) => ['a', 'é', '日', '🚀'].map((last) => 'x'.repeat(length) + last));
    const theirs = avsc.Type.forSchema({ type: 'array', items: 'string' });
    const ours = avro({ type: 'array', items: 'string' });
    expect(ours.encode(texts, context)).toEqual(theirs.toBuffer(texts));
    expect(ours.decode(theirs.toBuffer(texts), context)).toEqual(texts);
  });

  it('refuses what is no plain object as a map', () => {
    const map = avro({ type: 'map', values: 'int' });
    for (const value of [new Map([['a', 1]]), new Date(0), Buffer.from('a')])
      expect(() => map.encode(value as never, context)).toThrow(/expected map/);
  });

  it('refuses what is no plain object as a record, whatever its fields', () => {
    const inner = { type: 'record', name: 'In', fields: [{ name: 'x', type: 'int', default: 1 }] } as const;
    const record = avro({
      type: 'record',
      name: 'Out',
      fields: [
        { name: 'in', type: inner },
        { name: 'again', type: 'In', default: { x: 2 } },
      ],
    });
    expect(record.decode(record.encode({ in: {} }, context) as Buffer, context)).toEqual({ in: { x: 1 }, again: { x: 2 } });
    for (const wrong of [5, 'x', [], new Map(), Buffer.from('a'), null]) {
      expect(() => avro(inner).encode(wrong as never, context)).toThrow(/expected record In, got/);
      expect(() => record.encode({ in: {}, again: wrong as never }, context)).toThrow(/again: expected record In, got/);
    }
  });

  it('takes a default of the first branch that it fits', async () => {
    const of = (...fields: ReadonlyArray<{ readonly name: string; readonly type: unknown; readonly default?: unknown }>) =>
      avro({ type: 'record', name: 'A', namespace: 'a', fields } as never as 'null') as never as ReturnType<typeof json>;
    const back = async (serde: ReturnType<typeof json>, value: unknown) => serde.decode(await serde.encode(value, context), context);
    const later = of(
      { name: 'text', type: ['null', 'string'], default: 'x' },
      { name: 'bytes', type: ['null', 'bytes'], default: '\u00ff' },
      { name: 'list', type: ['int', { type: 'array', items: 'int' }], default: [1] },
      { name: 'none', type: ['string', 'null'], default: null },
      { name: 'number', type: ['int', 'double'], default: 1.5 },
      { name: 'wrapped', type: ['null', 'int', 'long'], default: null },
      { name: 'day', type: ['null', { type: 'int', logicalType: 'date' }], default: null },
    );
    expect(await back(later, {})).toEqual({
      text: 'x',
      bytes: Buffer.from([0xff]),
      list: [1],
      none: null,
      number: { double: 1.5 },
      wrapped: null,
      day: null,
    });
    const tree = of({ name: 'v', type: 'int' }, { name: 'next', type: ['a.A', 'null'], default: null });
    expect(await back(tree, { v: 1, next: { v: 2 } })).toEqual({ v: 1, next: { v: 2, next: null } });
    expect(() => of({ name: 'x', type: ['null', 'int'], default: 'x' })).toThrow(/incompatible field default "x" \(of no branch: /);
  });

  it('refuses numbers beyond the range of a float, and those that become zero', () => {
    const float = avro({ type: 'record', name: 'F', fields: [{ name: 'x', type: 'float' }] });
    for (const x of [1e39, -1e39, 1e-46]) expect(() => float.encode({ x }, context)).toThrow(/x: expected float, got/);
    for (const x of [Number.POSITIVE_INFINITY, 3.4028234663852886e38, 1.401298464324817e-45, 0])
      expect(float.decode(float.encode({ x }, context) as Buffer, context)).toEqual({ x });
  });

  it('refuses times that a Date cannot hold, either way', () => {
    const days = avro('int').encode(200_000_000, context) as Buffer;
    expect(() => avro({ type: 'int', logicalType: 'date' }).decode(days, context)).toThrow(/beyond what a Date holds/);
    const time = avro('long').encode(-(2 ** 53) + 1, context) as Buffer;
    expect(() => avro({ type: 'long', logicalType: 'timestamp-millis' }).decode(time, context)).toThrow(/beyond what a Date holds/);
  });

  it('says of a number that a long cannot take what to do', () => {
    expect(() => avro('long').encode(2 ** 60, context)).toThrow(/expected long, got 1152921504606847000: beyond 2\^53.* long: 'bigint'/);
    expect(() => avro('int').encode(5n as never, context)).toThrow(/expected int, got 5n/);
    expect(() => avro(undefined as never)).toThrow(/schema is missing/);
  });

  it('prints values of unions by the branch that they are written with', () => {
    const serde = avro([{ type: 'map', values: 'int' }, 'bytes', 'long'], { long: 'bigint' });
    expect(serde.toPlain!(Buffer.from('ab'))).toBe('ab');
    expect(avro(['int', 'long'], { long: 'bigint' }).toPlain!(5n)).toBe('5');
    const open = avro(
      [
        { type: 'record', name: 'Open', fields: [{ name: 'x', type: 'int', default: 1 }] },
        { type: 'array', items: 'long' },
      ],
      { long: 'bigint' },
    );
    expect(open.parsePlain!('["5"]')).toEqual([5n]);
  });

  it('refuses schemas and options that cannot work at once', () => {
    expect(() => avro({ type: 'record', name: 'A', fields: [{ name: 'x', type: 'Nope' }] })).toThrow(/undefined type name: Nope/);
    expect(() => avro({ type: 'string', logicalType: 'date' })).toThrow(/date goes with int, not string/);
    expect(() => avro({ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 })).toThrow(/decimal: expected precision/);
    expect(() => avro({ type: 'record', name: 'A', fields: [{ name: '__proto__', type: 'int' }] })).toThrow(/__proto__/);
    expect(() => avro('long', { long: 'BigInt' as never })).toThrow(/expected 'number' or 'bigint'/);
  });

  it('leaves logical types that it does not know as what they are made of', () => {
    const time = avro({ type: 'int', logicalType: 'time-millis' });
    expect(time.decode(time.encode(5, context) as Buffer, context)).toBe(5);
  });
});
