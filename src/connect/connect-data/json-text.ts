// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON requires these to be escaped
const SPECIAL = /[\u0000-\u001f"\\\ud800-\udfff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON requires these to be escaped
const EACH_SPECIAL = /[\u0000-\u001f"\\\ud800-\udfff]/g;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

/**
 * Returns a JSON string as Jackson writes it to UTF-8: control characters, and characters outside the basic plane, are escaped
 * with upper-case hex; other characters stay as they are.
 */
export function jsonText(text: string): string {
  return SPECIAL.test(text) ? `"${text.replace(EACH_SPECIAL, escaped)}"` : `"${text}"`;
}

/** The same where Jackson writes characters, not bytes: characters outside the basic plane stay as they are. */
export function jsonTextInText(text: string): string {
  return `"${text.replace(EACH_SPECIAL, (character) => (character >= ' ' && character !== '"' && character !== '\\' ? character : escaped(character)))}"`;
}

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
