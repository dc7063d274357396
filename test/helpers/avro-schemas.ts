/** A record of everything that Avro has, as a literal: for the tests of values and of types. */
export const User = {
  type: 'record',
  name: 'User',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'nick', type: ['null', 'string'], default: null },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['PERSON', 'BOT'] } },
    { name: 'was', type: 'shop.Kind', default: 'PERSON' },
    { name: 'scores', type: { type: 'array', items: { type: 'map', values: 'double' } } },
    { name: 'friend', type: ['null', 'User'] },
    { name: 'balance', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'born', type: { type: 'int', logicalType: 'date' } },
    { name: 'seen', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'exact', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }, 'string'] },
    { name: 'key', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'mixed', type: ['null', 'int', 'double', { type: 'record', name: 'other.Point', fields: [{ name: 'x', type: 'float' }] }] },
    { name: 'mark', type: { type: 'fixed', name: 'Mark', size: 2 } },
    { name: 'raw', type: 'bytes' },
    { name: 'isGood', type: 'boolean' },
    { name: 'alarm', type: { type: 'int', logicalType: 'time-millis' } },
  ],
} as const;
