/**
 * The schema that Kafka Connect's JSON converter writes beside a value, as far as a sink needs it. Format: Apache Kafka,
 * `org.apache.kafka.connect.json.JsonConverter`.
 */
export interface ConnectSchema {
  /** `struct`, `array`, `map`, or a plain type as `int32`. */
  readonly type: string;
  readonly optional?: boolean;
  /** What the plain type stands for, as `io.debezium.time.Date`. */
  readonly name?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly fields?: readonly ConnectField[];
  readonly items?: ConnectSchema;
}

export interface ConnectField extends ConnectSchema {
  readonly field: string;
}

export interface Schemed {
  readonly schema: ConnectSchema | undefined;
  readonly payload: unknown;
}

/**
 * Takes `{"schema": ..., "payload": ...}` apart. A row with columns of these names is left whole: its `schema` is not one that
 * describes its `payload`.
 */
export function unwrapSchema(value: unknown): Schemed {
  if (!isObject(value) || Object.keys(value).length !== 2 || !Object.hasOwn(value, 'schema') || !Object.hasOwn(value, 'payload'))
    return { schema: undefined, payload: value };
  const { schema, payload } = value;
  if (schema === null) return { schema: undefined, payload };
  return isSchema(schema) && describes(schema, payload) ? { schema, payload } : { schema: undefined, payload: value };
}

function isSchema(value: unknown): value is ConnectSchema {
  if (!isObject(value) || typeof value.type !== 'string') return false;
  return value.type !== 'struct' || Array.isArray(value.fields);
}

function describes({ type, fields = [] }: ConnectSchema, payload: unknown): boolean {
  if (type !== 'struct' || payload === null) return true;
  const names = new Set(fields.map(({ field }) => field));
  return isObject(payload) && Object.keys(payload).every((name) => names.has(name));
}

export function fieldOf(schema: ConnectSchema | undefined, name: string): ConnectField | undefined {
  return schema?.fields?.find(({ field }) => field === name);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of its own, not one that every object inherits. */
export function own(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
