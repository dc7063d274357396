/**
 * Avro: the TypeScript types come from the schema. On its own, or (when SCHEMA_REGISTRY_URL is set) in Confluent's wire
 * format with a schema registry, where records of older versions of the schema stay readable.
 */
import { App, avro, string } from 'streamerjs';

const Reading = {
  type: 'record',
  name: 'Reading',
  namespace: 'weather',
  fields: [
    { name: 'station', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'celsius', type: 'double' },
    { name: 'sky', type: { type: 'enum', name: 'Sky', symbols: ['CLEAR', 'CLOUDS', 'RAIN'] }, default: 'CLEAR' },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
} as const;

const reading = process.env.SCHEMA_REGISTRY_URL ? avro.confluent({ schema: Reading }) : avro(Reading);

export const app = new App({ id: 'weather' });
export const readings = app.topic('readings', { key: string(), value: reading, partitions: 2 });
export const frosts = app.topic('frosts', { key: string(), value: reading, partitions: 2 });

app.agent(
  'frost',
  readings,
  async function* (stream) {
    for await (const { value } of stream) {
      if (value.celsius < 0) yield { ...value, note: `${value.sky.toLowerCase()}, ${value.at.getUTCFullYear()}` };
    }
  },
  { to: frosts },
);
