import { createRequire } from 'node:module';
import { ConfigError } from '../../errors.ts';
import type { AvroType, ParseOptions } from '../avro/library.ts';
import { writerOptions } from '../avro/types.ts';
import type { RegistryTransport } from './transport.ts';

// An optional peer: with it an install of the library would be twice as large, and most users do not need it.

const PACKAGE = '@kafkajs/confluent-schema-registry';

/** What is used of @kafkajs/confluent-schema-registry 3.9. */
export interface SchemaRegistry {
  /** Asked once per id, however many wait; with the schemas it refers to. */
  getSchema(id: number): Promise<AvroType>;
}

interface Library {
  readonly SchemaRegistry: new (options: object, types: { readonly AVRO: ParseOptions }) => SchemaRegistry;
}

/**
 * The registry client, on our own transport: its own reports every failure on the way as HTTP 400, so that a registry that is
 * down looks like one that refuses. Loaded on first use. Schemas are looked up and
 * registered without it: it leaves out references in the one, sets the subject's compatibility level in the other, and
 * refuses schemas that registries take.
 */
export function openLibrary(transport: RegistryTransport): SchemaRegistry {
  const { SchemaRegistry } = load();
  return new SchemaRegistry({ host: 'http://registry', middlewares: [bridge(transport)] }, { AVRO: writerOptions() });
}

let library: Library | undefined;

function load(): Library {
  try {
    library ??= createRequire(import.meta.url)(PACKAGE) as Library;
    return library;
  } catch (cause) {
    if (Object(cause).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ConfigError(`schema registries need the package ${PACKAGE}, which is not installed`, {
      next: `Install it: npm install ${PACKAGE}@3`,
      cause,
    });
  }
}

/** The part of a mappersmith request that is needed. */
interface ClientRequest {
  method(): string;
  path(): string;
  body(): unknown;
}

/** A mappersmith middleware that answers in place of the client's own way to the network. */
function bridge(transport: RegistryTransport) {
  return () => ({
    async response(_next: unknown, _renew: unknown, request: ClientRequest) {
      const body = request.body();
      const data = await transport.send({
        method: request.method().toUpperCase() as 'GET',
        path: request.path(),
        // It asks for schemas by id, and for those that they refer to.
        expected: 'schema',
        ...(typeof body === 'string' ? { body: JSON.parse(body) } : {}),
      });
      return { data: () => data };
    },
  });
}
