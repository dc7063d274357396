import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import avsc from 'avsc';

interface Stored {
  readonly id: number;
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly Reference[];
}

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

interface Body {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly Reference[];
  readonly compatibility?: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The part of Confluent's schema registry that streamer uses, in memory, over real HTTP: for machines without a registry.
 * The same tests run on a real one when SCHEMA_REGISTRY_URL names it. Its verdict on Avro is avsc's.
 */
export class RegistryDouble {
  readonly #server: Server;
  readonly #subjects = new Map<string, Stored[]>();
  readonly #byId = new Map<number, Stored>();
  readonly #levels = new Map<string, string>();

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
      const { status, body } = this.#answer(request.method ?? '', request.url ?? '', text === '' ? {} : JSON.parse(text));
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(body));
    });
  }

  static async start(): Promise<RegistryDouble> {
    const double = new RegistryDouble();
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string, url: string, body: Body): Answer {
    const [, kind = '', ...parts] = url.split('?')[0]!.split('/').map(decodeURIComponent);
    if (kind === 'schemas') return found(this.#byId.get(Number(parts[1])), 40403);
    if (kind === 'config') {
      if (method === 'PUT') this.#levels.set(parts[0]!, body.compatibility!);
      return { status: 200, body: { compatibilityLevel: this.#levels.get(parts[0] ?? '') ?? 'BACKWARD' } };
    }
    if (kind === 'compatibility') return { status: 200, body: { is_compatible: this.#fits(parts[1]!, body) } };
    const [subject = '', , version] = parts;
    if (method === 'GET') return this.#versions(subject, version);
    return parts.length === 1 ? this.#find(subject, body) : this.#register(subject, body);
  }

  #versions(subject: string, version: string | undefined): Answer {
    const versions = this.#subjects.get(subject) ?? [];
    if (versions.length === 0) return missing(40401);
    if (version === undefined) return { status: 200, body: versions.map((_, index) => index + 1) };
    const index = version === 'latest' ? versions.length - 1 : Number(version) - 1;
    return found(versions[index] && { ...versions[index], subject, version: index + 1 }, 40402);
  }

  #find(subject: string, { schema, references = [] }: Body): Answer {
    const versions = this.#subjects.get(subject) ?? [];
    const at = versions.findIndex((each) => each.schema === schema && JSON.stringify(each.references) === JSON.stringify(references));
    return found(versions[at] && { ...versions[at], subject, version: at + 1 }, versions.length === 0 ? 40401 : 40403);
  }

  #register(subject: string, body: Body): Answer {
    const known = this.#find(subject, body);
    if (known.status === 200) return known;
    const { schema, schemaType = 'AVRO', references = [] } = body;
    if (!this.#fits(subject, body)) return { status: 409, body: { error_code: 409, message: 'incompatible' } };
    const same = [...this.#byId.values()].find(
      (each) => each.schema === schema && JSON.stringify(each.references) === JSON.stringify(references),
    );
    const stored = same ?? { id: this.#byId.size + 1, schema, schemaType, references };
    this.#byId.set(stored.id, stored);
    this.#subjects.set(subject, [...(this.#subjects.get(subject) ?? []), stored]);
    return { status: 200, body: { id: stored.id } };
  }

  #fits(subject: string, body: Body): boolean {
    const last = this.#subjects.get(subject)?.at(-1);
    const level = this.#levels.get(subject) ?? 'BACKWARD';
    if (last === undefined || level === 'NONE') return true;
    if (last.schemaType === 'JSON') return JSON.stringify(required(body.schema)) === JSON.stringify(required(last.schema));
    return (level === 'FORWARD' || this.#canRead(body, last)) && (level === 'BACKWARD' || this.#canRead(last, body));
  }

  #canRead(reader: Body, writer: Body): boolean {
    try {
      this.#typeOf(reader, {}).createResolver(this.#typeOf(writer, {}));
      return true;
    } catch {
      return false;
    }
  }

  #typeOf({ schema, references = [] }: Body, registry: Record<string, avsc.Type>): avsc.Type {
    for (const { name, subject, version } of references)
      if (registry[name] === undefined) this.#typeOf(this.#subjects.get(subject)![version - 1]!, registry);
    return avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, { registry });
  }
}

function found(body: unknown, code: number): Answer {
  return body === undefined ? missing(code) : { status: 200, body };
}

function missing(code: number): Answer {
  return { status: 404, body: { error_code: code, message: 'not found' } };
}

function required(schema: string): unknown {
  const { properties = {}, required: names = [] } = JSON.parse(schema) as {
    properties?: Record<string, { type: string }>;
    required?: string[];
  };
  return names.map((name) => [name, properties[name]?.type]);
}
