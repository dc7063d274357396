import { StreamerError } from '../../errors.ts';
import type { RegisteredSchema, SchemaCheck } from '../serde.ts';
import type { Format } from './format.ts';
import type { Registry, SchemaKind, SchemaVersion } from './registry.ts';
import { RegistryRefusal } from './transport.ts';

/** A serde's schema in one subject of a registry. */
export class Subject implements RegisteredSchema {
  readonly subject: string;
  readonly #format: Format<never, unknown>;
  readonly #registry: () => Registry;
  readonly #topic: string;

  constructor(subject: string, topic: string, format: Format<never, unknown>, registry: () => Registry) {
    this.subject = subject;
    this.#topic = topic;
    this.#format = format;
    this.#registry = registry;
  }

  get type(): SchemaKind {
    return this.#format.type;
  }

  get schema(): string {
    return this.#format.schema;
  }

  find(): Promise<number | undefined> {
    return this.#registry().find(this.subject, this.type, this.schema);
  }

  latest(): Promise<SchemaVersion | undefined> {
    return this.#registry().latest(this.subject);
  }

  differences(older: string): string[] {
    return this.#format.differences(older);
  }

  async check(): Promise<SchemaCheck> {
    const registry = this.#registry();
    const level = await registry.level(this.subject);
    if ((await this.find()) !== undefined) return { status: 'registered', level, problems: [] };
    const versions = await registry.versions(this.subject);
    if (versions.length === 0) return { status: 'new', level, problems: [] };
    const { is, messages } = await registry.isCompatible(this.subject, this.type, this.schema);
    if (is) return { status: 'compatible', level, problems: [] };
    const own = this.#problems(level, versions);
    return {
      status: 'incompatible',
      level,
      problems: own.length > 0 ? own : messages.length > 0 ? messages : ['the registry does not say why'],
    };
  }

  async register(): Promise<number> {
    const known = await this.find();
    if (known !== undefined) return known;
    const { status, level, problems } = await this.check();
    if (status === 'incompatible') throw this.#refused(level, problems);
    try {
      return await this.#registry().register(this.subject, this.type, this.schema);
    } catch (error) {
      // Somebody registered another schema meanwhile.
      if (error instanceof RegistryRefusal && error.status === 409) throw this.#refused(level, [error.message]);
      throw error;
    }
  }

  /** The id to write with, the schema registered first when that is wanted. */
  async idToWrite(autoRegister: boolean): Promise<number> {
    if (autoRegister) return this.register();
    const id = await this.find();
    if (id !== undefined) return id;
    throw new StreamerError('REFUSED', `subject "${this.subject}" does not have the schema of ${this.#topic}, and autoRegister is off`, {
      topic: this.#topic,
      next: 'Register it: streamer schemas register -A <app>',
    });
  }

  /** Both ways, as the level says, against the newest version or (transitive) all. */
  #problems(level: string, versions: readonly SchemaVersion[]): string[] {
    const against = level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1);
    return against.flatMap(({ version, schema }) => [
      ...(/^(BACKWARD|FULL)/.test(level) ? this.#named(this.schema, schema, `in records of version ${version}`) : []),
      ...(/^(FORWARD|FULL)/.test(level) ? this.#named(schema, this.schema, `for readers of version ${version}`) : []),
    ]);
  }

  #named(reader: string, writer: string, where: string): string[] {
    return this.#format.obstacles(reader, writer).map((problem) => `${problem} (${where})`);
  }

  #refused(level: string, problems: readonly string[]): StreamerError {
    const message = `the schema of ${this.#topic} is not compatible (${level}) with subject "${this.subject}":\n  - ${problems.join('\n  - ')}`;
    const next = 'Compare them: streamer schemas diff -A <app>. Give new fields a default, and renamed ones an alias.';
    return new StreamerError('REFUSED', message, { topic: this.#topic, next });
  }
}
