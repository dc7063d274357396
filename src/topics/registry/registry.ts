import type { AvroType } from '../avro/library.ts';
import type { SchemaText } from '../serde.ts';
import { openLibrary, type SchemaRegistry } from './library.ts';
import { type RegistryOptions, type ResolvedRegistry, resolveRegistry } from './options.ts';
import { RegistryRefusal, RegistryTransport } from './transport.ts';

// While an event is decoded, an error of the kind "cannot be reached" holds the partition, in order; an id that the registry does not have
// is a dead letter.

export type SchemaKind = 'AVRO' | 'JSON';

export interface SchemaVersion extends SchemaText {
  readonly id: number;
  readonly version: number;
}

/** Where a schema that another one names is registered. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as it is looked up and registered. */
export interface SchemaBody {
  readonly type: SchemaKind;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

type StoredVersion = SchemaVersion & { readonly references?: readonly SchemaReference[] };

/** One schema registry, by Confluent's REST API. Connects on first use; lasting answers are cached. */
export class Registry {
  readonly url: string;
  readonly #transport: RegistryTransport;
  #client: SchemaRegistry | undefined;
  readonly #kinds = new Map<number, Promise<string>>();

  constructor(resolved: ResolvedRegistry) {
    this.url = resolved.url;
    this.#transport = new RegistryTransport(resolved);
  }

  /** The type of the Avro schema with this id. @throws RegistryRefusal when there is none */
  avroType(id: number): Promise<AvroType> {
    return this.#library().getSchema(id);
  }

  /** `AVRO`, `JSON` or `PROTOBUF`. @throws RegistryRefusal when there is no schema of this id */
  kindOf(id: number): Promise<string> {
    let kind = this.#kinds.get(id);
    if (kind === undefined) {
      kind = this.#get<{ schemaType?: string }>(`/schemas/ids/${id}`, 'schema').then(({ schemaType }) => schemaType ?? 'AVRO');
      this.#kinds.set(id, kind);
      kind.catch(() => this.#kinds.delete(id));
    }
    return kind;
  }

  /** The text of the schema with this id. @throws RegistryRefusal when there is none */
  async textOf(id: number): Promise<string> {
    return (await this.#get<{ readonly schema: string }>(`/schemas/ids/${id}`, 'schema')).schema;
  }

  /** Id and version of exactly this schema in the subject. */
  async find(subject: string, schema: SchemaBody): Promise<{ readonly id: number; readonly version: number } | undefined> {
    // A missing package is reported now, not when the first record is read.
    if (schema.type === 'AVRO') this.#library();
    const path = `/subjects/${encodeURIComponent(subject)}`;
    return absent(
      this.#transport.send({ method: 'POST', path, body: bodyOf(schema), expected: 'id' }) as Promise<{
        readonly id: number;
        readonly version: number;
      }>,
    );
  }

  async register(subject: string, schema: SchemaBody): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { id } = (await this.#transport.send({ method: 'POST', path, body: bodyOf(schema), expected: 'id' })) as { id: number };
    return id;
  }

  /** As `BACKWARD`: the subject's own level, or else that of the registry. */
  async level(subject: string): Promise<string> {
    // Some registries do not know a new subject in spite of the parameter.
    const path = `/config/${encodeURIComponent(subject)}?defaultToGlobal=true`;
    const own = await absent(this.#get<{ compatibilityLevel: string }>(path, 'compatibilityLevel'));
    const { compatibilityLevel } = own ?? (await this.#get<{ compatibilityLevel: string }>('/config', 'compatibilityLevel'));
    return compatibilityLevel.toUpperCase();
  }

  /** The registry's verdict at the subject's level; a new subject accepts any schema. Undefined when the registry cannot judge. */
  async isCompatible(
    subject: string,
    schema: SchemaBody,
  ): Promise<{ readonly is: boolean; readonly messages: readonly string[] } | undefined> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`;
    try {
      const answer = await absent(this.#transport.send({ method: 'POST', path, body: bodyOf(schema), expected: 'is_compatible' }));
      const { is_compatible: is = true, messages = [] } = (answer ?? {}) as { is_compatible?: boolean; messages?: readonly string[] };
      return { is, messages };
    } catch (error) {
      // Apicurio 3.0 does not follow references here.
      if (schema.references.length > 0 && error instanceof RegistryRefusal && error.status === 422) return undefined;
      throw error;
    }
  }

  async latest(subject: string): Promise<SchemaVersion | undefined> {
    const stored = await absent(this.#get<StoredVersion>(`/subjects/${encodeURIComponent(subject)}/versions/latest`, 'schema'));
    return stored && this.#whole(stored);
  }

  /** All versions of a subject, oldest first; none when it is not there. */
  async versions(subject: string): Promise<SchemaVersion[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const numbers = (await absent(this.#get<number[]>(path, 'length'))) ?? [];
    return Promise.all(numbers.map(async (version) => this.#whole(await this.#get<StoredVersion>(`${path}/${version}`, 'schema'))));
  }

  async #whole(stored: StoredVersion): Promise<SchemaVersion> {
    const { id, version, schema, references = [] } = stored;
    if (references.length === 0) return { id, version, schema };
    const referenced = new Set<string>();
    for (const { subject, version: of } of references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${of}`;
      const found = await this.#whole(await this.#get<StoredVersion>(path, 'schema'));
      for (const text of [...(found.referenced ?? []), found.schema]) referenced.add(text);
    }
    return { id, version, schema, referenced: [...referenced] };
  }

  #get<T>(path: string, expected: string): Promise<T> {
    return this.#transport.send({ method: 'GET', path, expected }) as Promise<T>;
  }

  #library(): SchemaRegistry {
    this.#client ??= openLibrary(this.#transport);
    return this.#client;
  }
}

function bodyOf({ type, schema, references }: SchemaBody): object {
  // Registries before 5.5 know neither types other than Avro nor references.
  return { ...(type === 'AVRO' ? {} : { schemaType: type }), schema, ...(references.length === 0 ? {} : { references }) };
}

/** Resolves to undefined where the registry answers 404. */
async function absent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RegistryRefusal && error.status === 404) return undefined;
    throw error;
  }
}

const shared = new Map<string, Registry>();

/** Options are resolved on first use, so that importing an app needs no environment. Serdes without options share the environment's registry. */
export function registryOf(options: RegistryOptions | undefined): () => Registry {
  let own: Registry | undefined;
  return () => {
    if (options !== undefined) {
      own ??= new Registry(resolveRegistry(options, process.env));
      return own;
    }
    const { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_USER_INFO: user, SCHEMA_REGISTRY_TOKEN: token } = process.env;
    const key = JSON.stringify([url, user, token]);
    const known = shared.get(key) ?? new Registry(resolveRegistry({}, process.env));
    shared.set(key, known);
    return known;
  };
}
