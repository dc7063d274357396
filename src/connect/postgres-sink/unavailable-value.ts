const TEXT = '__debezium_unavailable_value';
const BYTES = Buffer.from(TEXT);
const TEXTS = new Set([TEXT, BYTES.toString('base64'), BYTES.toString('base64url'), BYTES.toString('hex')]);

/**
 * How Debezium writes a large value that an update has not touched and the log does not hold: a fixed text, its bytes, or an
 * array of the text or of its bytes' numbers. Written into the table it would destroy the value.
 */
export function isUnavailableValue(value: unknown): boolean {
  if (typeof value === 'string') return TEXTS.has(value);
  if (!Array.isArray(value)) return false;
  if (value.length === 1) return value[0] === TEXT;
  return value.length === BYTES.length && value.every((each, at) => each === BYTES[at]);
}
