import { StreamerError } from '../../errors.ts';
import type { RegisteredSchema, SchemaCheck, SchemaText } from '../serde.ts';
import type { Format } from './format.ts';
import type { Registry, SchemaKind, SchemaReference, SchemaVersion } from './registry.ts';
import { RegistryRefusal } from './transport.ts';

/** A serde's schema in one subject of a registry. */
export class Subject implements RegisteredSchema {
  readonly subject: string;
  readonly #format: Format<never, unknown>;
  readonly #registry: () => Registry;
  readonly #topic: string;
  /** What the schema refers to: subjects of their own, registered before it. */
  readonly #references: ReadonlyArray<{ readonly name: string; readonly subject: Subject }>;

  constructor(subject: string, topic: string, format: Format<never, unknown>, registry: () => Registry) {
    this.subject = subject;
    this.#topic = topic;
    this.#format = format;
    this.#registry = registry;
    const { references = [] } = format;
    this.#references = references.map(({ name, subject: of, format: its }) => ({ name, subject: new Subject(of, topic, its, registry) }));
  }

  get type(): SchemaKind {
    return this.#format.type;
  }

  get schema(): string {
    return this.#format.schema;
  }

  get referenced(): readonly string[] {
    return this.#format.referenced ?? [];
  }

  find(): Promise<number | undefined> {
    // Wrong options of the registry throw at once, not through the promise.
    this.#registry();
    return this.#found().then((found) => found?.id);
  }

  latest(): Promise<SchemaVersion | undefined> {
    return this.#registry().latest(this.subject);
  }

  differences(older: SchemaText): string[] {
    return this.#format.differences(older);
  }

  async check(): Promise<SchemaCheck> {
    const registry = this.#registry();
    const level = await registry.level(this.subject);
    if ((await this.find()) !== undefined) return { status: 'registered', level, problems: [] };
    const beneath = await this.#problemsOfReferences();
    if (beneath.length > 0) return { status: 'incompatible', level, problems: beneath };
    const versions = await registry.versions(this.subject);
    if (versions.length === 0) return { status: 'new', level, problems: [] };
    const references = await this.#pointers();
    const own = this.#problems(level, versions);
    // The registry cannot judge a schema that refers to schemas that it does not have yet.
    const verdict = references && (await registry.isCompatible(this.subject, { type: this.type, schema: this.schema, references }));
    if (verdict?.is ?? own.length === 0) return { status: 'compatible', level, problems: [] };
    const messages = verdict?.messages ?? [];
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
    for (const { subject } of this.#references) await subject.register();
    const references = (await this.#pointers()) ?? [];
    try {
      return await this.#registry().register(this.subject, { type: this.type, schema: this.schema, references });
    } catch (error) {
      // Another schema was registered meanwhile.
      if (error instanceof RegistryRefusal && error.status === 409) throw this.#refused(level, [error.message]);
      throw error;
    }
  }

  /** Returns the id to write with. Registers the schema first with `autoRegister`. */
  async idToWrite(autoRegister: boolean): Promise<number> {
    if (autoRegister) return this.register();
    const id = await this.find();
    if (id !== undefined) return id;
    throw new StreamerError('REFUSED', `subject "${this.subject}" does not have the schema of ${this.#topic}, and autoRegister is off`, {
      topic: this.#topic,
      next: 'Register it: streamer schemas register -A <app>',
    });
  }

  async #found(): Promise<{ readonly id: number; readonly version: number } | undefined> {
    const references = await this.#pointers();
    return references && this.#registry().find(this.subject, { type: this.type, schema: this.schema, references });
  }

  /** Where the registry has the schemas that this one refers to; undefined while one is missing. */
  async #pointers(): Promise<SchemaReference[] | undefined> {
    const pointers: SchemaReference[] = [];
    for (const { name, subject } of this.#references) {
      const found = await subject.#found();
      if (found === undefined) return undefined;
      pointers.push({ name, subject: subject.subject, version: found.version });
    }
    return pointers;
  }

  async #problemsOfReferences(): Promise<string[]> {
    const problems: string[] = [];
    for (const { subject } of this.#references)
      for (const problem of (await subject.check()).problems) problems.push(`${subject.subject}: ${problem}`);
    return problems;
  }

  /** Both ways, as the level says, against the newest version or (transitive) all. */
  #problems(level: string, versions: readonly SchemaVersion[]): string[] {
    const against = level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1);
    return against.flatMap((old) => [
      ...(/^(BACKWARD|FULL)/.test(level) ? this.#named(this, old, `in records of version ${old.version}`) : []),
      ...(/^(FORWARD|FULL)/.test(level) ? this.#named(old, this, `for readers of version ${old.version}`) : []),
    ]);
  }

  #named(reader: SchemaText, writer: SchemaText, where: string): string[] {
    return this.#format.obstacles(reader, writer).map((problem) => `${problem} (${where})`);
  }

  #refused(level: string, problems: readonly string[]): StreamerError {
    const message = `the schema of ${this.#topic} is not compatible (${level}) with subject "${this.subject}":\n  - ${problems.join('\n  - ')}`;
    const next = 'Compare them: streamer schemas diff -A <app>. Give new fields a default, and renamed ones an alias.';
    return new StreamerError('REFUSED', message, { topic: this.#topic, next });
  }
}
