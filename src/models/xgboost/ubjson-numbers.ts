/** How a type of number is read, big endian as in UBJSON (ubjson.org, draft 12): one value, or a list. */
export interface NumberType {
  /** Bytes of one value. */
  readonly size: number;
  read(view: DataView, at: number): number;
  list(length: number): { [index: number]: number; readonly length: number };
}

/** By UBJSON's marker. */
export const NUMBER_TYPES: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  ['i', { size: 1, read: (view, at) => view.getInt8(at), list: (length) => new Int8Array(length) }],
  ['U', { size: 1, read: (view, at) => view.getUint8(at), list: (length) => new Uint8Array(length) }],
  ['I', { size: 2, read: (view, at) => view.getInt16(at), list: (length) => new Int16Array(length) }],
  ['l', { size: 4, read: (view, at) => view.getInt32(at), list: (length) => new Int32Array(length) }],
  ['L', { size: 8, read: (view, at) => Number(view.getBigInt64(at)), list: (length) => new Float64Array(length) }],
  ['d', { size: 4, read: (view, at) => view.getFloat32(at), list: (length) => new Float32Array(length) }],
  ['D', { size: 8, read: (view, at) => view.getFloat64(at), list: (length) => new Float64Array(length) }],
]);
