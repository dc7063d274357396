/** Characters at most. */
const LENGTH = 80;

/** Returns a short text for any value, safe to put into an error message. */
export function preview(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : Buffer.isBuffer(value)
        ? `0x${value.subarray(0, 24).toString('hex')}`
        : inspect(value);
  return text.length > LENGTH ? `${text.slice(0, LENGTH - 3)}...` : text;
}

function inspect(value: unknown): string {
  try {
    return sketch(value, LENGTH);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** As JSON, cut short while it is made: wrong values may be large, and come by the thousand. */
function sketch(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room + 1));
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if ('toJSON' in value) return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  let text = String(open);
  for (const name of Object.keys(value)) {
    if (text.length > room) return text;
    const part: unknown = Reflect.get(value, name);
    if (part === undefined && !Array.isArray(value)) continue;
    if (text.length > 1) text += ',';
    text += `${Array.isArray(value) ? '' : `${JSON.stringify(name)}:`}${sketch(part, room - text.length)}`;
  }
  return text + close;
}
