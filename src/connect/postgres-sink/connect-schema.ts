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

/** Tells `{"schema": ..., "payload": ...}` from a plain value. */
export function unwrapSchema(value: unknown): Schemed {
  if (isObject(value) && 'schema' in value && 'payload' in value && Object.keys(value).length === 2) {
    const schema = value.schema;
    return { schema: isObject(schema) ? (schema as unknown as ConnectSchema) : undefined, payload: value.payload };
  }
  return { schema: undefined, payload: value };
}

export function fieldOf(schema: ConnectSchema | undefined, name: string): ConnectField | undefined {
  return schema?.fields?.find(({ field }) => field === name);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
