import { isStreamerError } from '../../errors.ts';
import { anything, checkOptions, preview, truth } from '../../options/index.ts';
import type { Serde, SerdeContext } from '../serde.ts';
import { SerdeError } from '../serde-error.ts';
import { type Format, HEADER_BYTES, type RecordReader, readSchemaId } from './format.ts';
import type { RegistryOptions } from './options.ts';
import { registryOf } from './registry.ts';
import { SchemaId } from './schema-id.ts';
import { Subject } from './subject.ts';
import { type SubjectOptions, subjectNamer } from './subject-name.ts';
import { RegistryRefusal } from './transport.ts';

export interface ConfluentOptions extends SubjectOptions {
  /** @default the one that SCHEMA_REGISTRY_URL names */
  readonly registry?: RegistryOptions | undefined;
  /**
   * Register the schema at the start, after it was checked against the subject's older ones. When it is off, a schema that
   * is not registered ends the start with the command to run.
   *
   * @default true
   */
  readonly autoRegister?: boolean | undefined;
}

/** How long an id stays unknown before the registry is asked again. */
const UNKNOWN_MS = 5_000;

/** A serde of Confluent's wire format, for any kind of schema. Writes and reads without waiting once ids are known. */
export function confluentSerde<In, Out>(format: Format<In, Out>, options: ConfluentOptions): Serde<In, Out> {
  checkOptions<ConfluentOptions>(format.name, options, { registry: anything, subject: anything, strategy: anything, autoRegister: truth });
  const { autoRegister = true, registry: at, subject, strategy } = options;
  const registry = registryOf(at);
  const nameOf = subjectNamer({ subject, strategy }, format.record);
  const subjectOf = (context: SerdeContext) => new Subject(nameOf(context), context.topic, format as Format<never, unknown>, registry);
  const ids = new Map<string, SchemaId>();
  let last: { readonly context: SerdeContext; readonly id: SchemaId } | undefined;
  const readers = new Readers(format, registry);

  /** The context of a topic's writers is always the same object. */
  const idOf = (context: SerdeContext): SchemaId => {
    if (last?.context === context) return last.id;
    const key = `${context.part} ${context.topic}`;
    const id = ids.get(key) ?? new SchemaId(() => subjectOf(context).idToWrite(autoRegister));
    ids.set(key, id);
    last = { context, id };
    return id;
  };

  return {
    name: format.name,
    encode(value, context) {
      const id = idOf(context);
      const known = id.known;
      return known === undefined ? id.get().then((asked) => format.write(value, asked, context)) : format.write(value, known, context);
    },
    decode(bytes, context) {
      const read = readers.of(bytes, context);
      return typeof read === 'function' ? read(bytes, context) : read.then((reader) => reader(bytes, context));
    },
    async prepare(context, use) {
      if (use === 'keep') await readers.known(await idOf(context).get(), context);
      else if (use === 'write') await idOf(context).get();
      // The subject may be new; the registry must answer.
      else await subjectOf(context).latest();
    },
    ready(bytes, context) {
      const read = readers.of(bytes, context);
      return typeof read === 'function' ? undefined : read.then(() => {});
    },
    registered: subjectOf,
  };
}

/** Readers by the writers' schema ids. Most batches have one writer: the last id is compared before any is looked up. */
class Readers<Out> {
  readonly #format: Format<never, Out>;
  readonly #registry: ReturnType<typeof registryOf>;
  readonly #known = new Map<number, RecordReader<Out>>();
  readonly #asked = new Map<number, Promise<RecordReader<Out>>>();
  #lastId = -1;
  #last: RecordReader<Out> | undefined;

  constructor(format: Format<never, Out>, registry: ReturnType<typeof registryOf>) {
    this.#format = format;
    this.#registry = registry;
  }

  of(bytes: Buffer, context: SerdeContext): RecordReader<Out> | Promise<RecordReader<Out>> {
    if (bytes.length < HEADER_BYTES || bytes[0] !== 0) throw notConfluent(bytes, context);
    const id = readSchemaId(bytes);
    if (id === this.#lastId) return this.#last!;
    const reader = this.#known.get(id);
    if (reader === undefined) return this.#ask(id, context);
    this.#lastId = id;
    this.#last = reader;
    return reader;
  }

  /** Resolves when there is a reader for the id. */
  async known(id: number, context: SerdeContext): Promise<void> {
    if (!this.#known.has(id)) await this.#ask(id, context);
  }

  #ask(id: number, context: SerdeContext): Promise<RecordReader<Out>> {
    let asked = this.#asked.get(id);
    if (asked !== undefined) return asked;
    asked = this.#make(id, context);
    this.#asked.set(id, asked);
    asked.then(
      (reader) => {
        this.#known.set(id, reader);
        this.#asked.delete(id);
      },
      (error: unknown) => {
        if (isStreamerError(error) && error.code === 'DECODE') setTimeout(() => this.#asked.delete(id), UNKNOWN_MS).unref();
        else this.#asked.delete(id);
      },
    );
    return asked;
  }

  async #make(id: number, context: SerdeContext): Promise<RecordReader<Out>> {
    const { topic, part } = context;
    const registry = this.#registry();
    try {
      return await this.#format.readerOf(registry, id, context);
    } catch (cause) {
      if (!(cause instanceof RegistryRefusal)) throw cause;
      throw new SerdeError('DECODE', `${part}: written with schema id ${id}, which the registry ${registry.url} does not have`, {
        topic,
        cause,
      });
    }
  }
}

function notConfluent(bytes: Buffer, { topic, part }: SerdeContext): SerdeError {
  const expected = "expected Confluent's wire format (a zero byte, then the schema's id in 4 bytes)";
  return new SerdeError('DECODE', `${part}: ${expected}, got ${preview(bytes)}`, { topic });
}
