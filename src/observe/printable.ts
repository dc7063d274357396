/**
 * Characters that a terminal obeys, or that reorder or break a line: C0 and C1 controls (escape sequences begin with one), line
 * and paragraph separators, and the bidirectional controls of Unicode.
 */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Returns the text with every such character escaped, as `\x1b` or `\u202e`: a key, a value or an error must not fake output. */
export function printable(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/** The same for text of several lines: line breaks stay. */
export function printableText(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n');
}

/** The same for a message of a log: lines after the first are indented, so that none looks like another message. */
export function printableLines(text: string): string {
  return printableText(text).replace(/\n(?! {2})/g, '\n  ');
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}
