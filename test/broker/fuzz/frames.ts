import { HANDLERS } from '../../../src/broker/handlers/handlers.ts';
import { type Api, isFlexible } from '../../../src/wire/api.ts';
import type { AnyField, Fields } from '../../../src/wire/field.ts';
import { batch, frame } from '../../helpers/wire.ts';
import type { Random } from './random.ts';

/** So few that requests meet each other's topics, groups and producers. */
const NAMES = [
  't0',
  't1',
  't2',
  'g0',
  'g1',
  'x0',
  'x1',
  '',
  'a b',
  'é',
  'cleanup.policy',
  'compact',
  'retention.ms',
  '100',
  'range',
  'consumer',
];
const NUMBERS = [0, 1, 2, 3, 5, 100, -1, -2, -3];
const EDGES = {
  int8: [127, -128],
  int16: [32_767, -32_768],
  int32: [2_147_483_647, -2_147_483_648],
  int64: [2 ** 53 - 1, -(2 ** 53), 2 ** 40],
};

/** A request of any type and version, as it should be or with something changed. Without its length. */
export function anyFrame(random: Random): Buffer {
  const { api } = random.pick(HANDLERS);
  const version = api.versions[0] + random.below(api.versions[1] - api.versions[0] + 1);
  const request = struct(api.request, version, isFlexible(api as Api, version), random);
  const whole = frame(api, version, 1, request as never).subarray(4);
  return random.next() < 0.4 ? changed(Buffer.from(whole), random) : whole;
}

function struct(fields: Fields, version: number, flexible: boolean, random: Random): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const isPresent = field.since <= version && version <= field.until && (field.tag === undefined || flexible);
    value[name] = isPresent ? any(field, version, flexible, random) : field.fallback;
  }
  return value;
}

function any(field: AnyField, version: number, flexible: boolean, random: Random): unknown {
  if (field.nullableSince <= version && random.next() < 0.2) return null;
  switch (field.type) {
    case 'bool':
      return random.next() < 0.5;
    case 'string':
      return random.next() < 0.02 ? 'x'.repeat(random.below(300)) : random.pick(NAMES);
    case 'bytes':
      return Buffer.alloc(random.below(20), random.below(256));
    case 'uuid':
      return Buffer.alloc(16, random.below(3)).toString('base64url');
    case 'records':
      return [anyBatch(random)];
    case 'array':
      return Array.from({ length: random.below(4) }, () => any(field.item, version, flexible, random));
    case 'struct':
      return struct(field.fields, version, flexible, random);
    default:
      return random.next() < 0.1 ? random.pick(EDGES[field.type]) : random.pick(NUMBERS);
  }
}

function anyBatch(random: Random): Buffer {
  const count = 1 + random.below(3);
  const bytes = batch({
    values: Array.from({ length: count }, () => (random.next() < 0.2 ? null : 'v'.repeat(random.below(50)))),
    keys: Array.from({ length: count }, () => (random.next() < 0.2 ? null : `k${random.below(3)}`)),
    attributes: random.pick([0, 0, 0, 1, 2, 0x10, 0x20, 0x30, 0x40, 7, 0x7fff]),
    producerId: random.pick([-1, 0, 1, 2, 1000]),
    producerEpoch: random.pick([-1, 0, 1, 32_767]),
    baseSequence: random.pick([-1, 0, 1, 2, 2_147_483_647]),
    ...(random.next() < 0.1 && { recordCount: random.pick(EDGES.int32), lastOffsetDelta: random.pick(EDGES.int32) }),
  });
  return random.next() < 0.1 ? changed(bytes, random) : bytes;
}

function changed(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  switch (random.below(4)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(random.below(9), random.below(256)), bytes.subarray(at)]);
    default:
      for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = random.pick([0, 0x7f, 0x80, 0xff]);
      return bytes;
  }
}
