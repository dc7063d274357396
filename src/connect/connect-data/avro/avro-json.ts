/** An Avro schema as JSON has it, with the properties that Kafka Connect's Avro converter adds. */
export type AvroJson = string | readonly AvroJson[] | AvroDefinition;

export interface AvroDefinition {
  readonly type: AvroJson;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly AvroField[];
  readonly items?: AvroJson;
  readonly values?: AvroJson;
  readonly symbols?: readonly string[];
  readonly size?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly logicalType?: string;
  readonly 'connect.type'?: string;
  readonly 'connect.name'?: string;
  readonly 'connect.version'?: number;
  readonly 'connect.doc'?: string;
  readonly 'connect.parameters'?: Readonly<Record<string, string>>;
  readonly 'connect.default'?: unknown;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroJson;
  readonly default?: unknown;
}

/** Splits a full name at its last dot. */
export function splitName(fullName: string): { readonly namespace: string; readonly name: string } {
  const dot = fullName.lastIndexOf('.');
  return { namespace: fullName.slice(0, Math.max(0, dot)), name: fullName.slice(dot + 1) };
}
