/** A column, as far as writing a value for it needs to know it. */
export interface ColumnKind {
  readonly name: string;
  /** Name in `pg_type`, of the element for an array. */
  readonly type: string;
  readonly isArray: boolean;
  /** `atttypmod`: length, precision and scale as the type encodes them; -1 without any. */
  readonly modifier: number;
}
