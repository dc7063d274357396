import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAssignmentData, encodeAssignmentData } from '../../src/kafka/kafkajs/assignment-data.ts';
import { decodeMemberData, EMPTY_MEMBER, encodeMemberData, type MemberData } from '../../src/kafka/kafkajs/member-data.ts';
import { Writer } from '../../src/wire/writer.ts';

const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/);
const data: fc.Arbitrary<MemberData> = fc.record({
  generation: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  partitions: fc.dictionary(topic, fc.array(fc.nat(100_000))),
  coPartitioned: fc.array(fc.array(topic)),
  ...{ tables: fc.constant([]), transactionalId: fc.constant('') },
});
const stateful: fc.Arbitrary<MemberData> = fc
  .tuple(data, fc.array(fc.record({ name: topic, topics: fc.array(topic) })), topic)
  .map(([plainData, tables, transactionalId]) => ({ ...plainData, tables, transactionalId }));

const plain = ({ partitions, ...rest }: MemberData) => ({ ...rest, partitions: Object.entries(partitions).sort() });

/** What a later version may write: the fields of this one among others. */
function withUnknownFields(known: Buffer, others: ReadonlyArray<readonly [number, Uint8Array]>): Buffer {
  const writer = new Writer();
  writer.int8(known.readInt8(0));
  writer.uvarint((known[1] ?? 0) + others.length);
  const tail = new Writer();
  for (const [tag, bytes] of others)
    tail.taggedField(tag, (field) => {
      for (const byte of bytes) field.int8((byte << 24) >> 24);
    });
  return Buffer.concat([...writer.finish(), known.subarray(2), ...tail.finish()]);
}

describe("a member's user data", () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(data, stateful), (written) => {
        expect(plain(decodeMemberData(encodeMemberData(written)))).toEqual(plain(written));
      }),
    );
  });

  it('may hold fields that this version does not know', () => {
    const others = fc.array(fc.tuple(fc.integer({ min: 10, max: 10_000 }), fc.uint8Array()), { maxLength: 5 });
    fc.assert(
      fc.property(data, others, (written, unknown) => {
        expect(plain(decodeMemberData(withUnknownFields(encodeMemberData(written), unknown)))).toEqual(plain(written));
      }),
    );
  });

  it('is read in the format of the versions before, which was JSON', () => {
    fc.assert(
      fc.property(data, ({ generation, partitions }) => {
        const old = Buffer.from(JSON.stringify({ generation, partitions: { ...partitions } }));
        expect(plain(decodeMemberData(old))).toEqual(plain({ ...EMPTY_MEMBER, generation, partitions }));
      }),
    );
  });

  it('is empty where it is of an unknown version, cut off, or of other software', () => {
    const later = encodeMemberData({ ...EMPTY_MEMBER, generation: 4, partitions: { a: [1] } });
    later[0] = 9;
    expect(decodeMemberData(later)).toEqual(EMPTY_MEMBER);
    expect(decodeMemberData(null)).toEqual(EMPTY_MEMBER);
    expect(decodeMemberData(Buffer.from('{"generation":'))).toEqual(EMPTY_MEMBER);
    expect(decodeMemberData(Buffer.from('{"generation":1,"partitions":null}'))).toEqual(EMPTY_MEMBER);
    fc.assert(
      fc.property(data, fc.nat(), (written, cut) => {
        const whole = encodeMemberData(written);
        expect(decodeMemberData(whole.subarray(0, cut % whole.length))).toEqual(EMPTY_MEMBER);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeMemberData(Buffer.from(bytes)).generation).toBeTypeOf('number');
      }),
    );
  });
});

describe("an assignment's user data", () => {
  it('names the transactional ids of all members', () => {
    fc.assert(
      fc.property(fc.array(topic), (ids) => {
        expect(decodeAssignmentData(encodeAssignmentData(ids))).toEqual(ids);
      }),
    );
  });

  it.each([null, Buffer.alloc(0), Buffer.from([9, 1]), Buffer.from([1, 1, 1, 200]), Buffer.from('of other software')])(
    'is read as none: %j',
    (bytes) => {
      expect(decodeAssignmentData(bytes)).toEqual([]);
    },
  );
});
