/** Avro schemas as they are written in a program (Avro specification 1.12, "Schema Declaration"). */

export type PrimitiveName = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** A schema. A name that is not a primitive type refers to a record, enum or fixed that is defined before it. */
export type AvroSchema =
  | PrimitiveName
  | (string & {})
  | readonly AvroSchema[]
  | AvroPrimitive
  | AvroRecord
  | AvroEnum
  | AvroFixed
  | AvroArray
  | AvroMap;

interface Named {
  readonly name: string;
  readonly namespace?: string;
  readonly aliases?: readonly string[];
  readonly doc?: string;
}

interface Annotated {
  readonly logicalType?: string;
  /** Attributes that Avro does not know are kept. */
  readonly [attribute: string]: unknown;
}

export interface AvroPrimitive extends Annotated {
  readonly type: PrimitiveName;
  /** Of a decimal: the number of digits. */
  readonly precision?: number;
  /** Of a decimal: the number of digits behind the point. @default 0 */
  readonly scale?: number;
}

export interface AvroField extends Annotated {
  readonly name: string;
  readonly type: AvroSchema;
  /** As JSON; for a union, of the first branch that it fits. Makes the field optional for those who write. */
  readonly default?: unknown;
  /** Names that older writers gave the field. */
  readonly aliases?: readonly string[];
  readonly doc?: string;
}

export interface AvroRecord extends Named, Annotated {
  readonly type: 'record';
  readonly fields: readonly AvroField[];
}

export interface AvroEnum extends Named, Annotated {
  readonly type: 'enum';
  readonly symbols: readonly string[];
  /** Read in place of a symbol that the reader does not have. */
  readonly default?: string;
}

export interface AvroFixed extends Named, Annotated {
  readonly type: 'fixed';
  /** Bytes. */
  readonly size: number;
}

export interface AvroArray extends Annotated {
  readonly type: 'array';
  readonly items: AvroSchema;
}

export interface AvroMap extends Annotated {
  readonly type: 'map';
  readonly values: AvroSchema;
}
