/** Writes UBJSON as XGBoost does: number lists typed and counted, others counted, texts and keys with 64-bit lengths. */
export function writeUbjson(value: unknown): Uint8Array {
  return Uint8Array.from(parts(value));
}

function parts(value: unknown): number[] {
  if (value === null) return marker('Z');
  if (value === true) return marker('T');
  if (value === false) return marker('F');
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? [...marker('L'), ...long(value)] : [...marker('D'), ...real(value)];
  if (typeof value === 'string') return [...marker('S'), ...text(value)];
  if (value instanceof Float32Array) return [...marker('[$d#'), ...length(value.length), ...Array.from(value).flatMap(single)];
  if (value instanceof Int32Array) return [...marker('[$l#'), ...length(value.length), ...Array.from(value).flatMap(int)];
  if (value instanceof Uint8Array) return [...marker('[$U#'), ...length(value.length), ...value];
  if (Array.isArray(value)) return [...marker('[#'), ...length(value.length), ...value.flatMap(parts)];
  return [...marker('{'), ...Object.entries(value as object).flatMap(([key, item]) => [...text(key), ...parts(item)]), ...marker('}')];
}

const marker = (letters: string): number[] => [...Buffer.from(letters)];
const length = (count: number): number[] => [...marker('L'), ...long(count)];
const text = (value: string): number[] => [...length(Buffer.byteLength(value)), ...Buffer.from(value)];
const long = (value: number): number[] => bytes(8, (view) => view.setBigInt64(0, BigInt(value)));
const int = (value: number): number[] => bytes(4, (view) => view.setInt32(0, value));
const single = (value: number): number[] => bytes(4, (view) => view.setFloat32(0, value));
const real = (value: number): number[] => bytes(8, (view) => view.setFloat64(0, value));

function bytes(size: number, set: (view: DataView) => void): number[] {
  const view = new DataView(new ArrayBuffer(size));
  set(view);
  return [...new Uint8Array(view.buffer)];
}
