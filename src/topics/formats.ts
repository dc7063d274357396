import { avroSerde } from './avro/serde.ts';
import { json as plainJson } from './json.ts';
import { avroConfluent } from './registry/avro.ts';
import { jsonConfluent } from './registry/json.ts';

/** Avro: bare as `avro(schema)`, or with a schema registry as `avro.confluent({ schema })`. */
export const avro = Object.assign(avroSerde, { confluent: avroConfluent });

/** JSON: `json()`, `json(schema)`, or with a schema registry as `json.confluent({ schema })`. */
export const json = Object.assign(plainJson, { confluent: jsonConfluent });
