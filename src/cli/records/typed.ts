import { messageOf } from '../../errors.ts';
import { parseExactly, type Serde } from '../../topics/index.ts';
import { CommandError } from '../command-error.ts';

/** Returns what was typed in the form that the serde takes: text for text and bytes, JSON for the rest. */
export function fromText(text: string, serde: Serde<never, unknown>, part: 'key' | 'value', owner = 'topic'): unknown {
  const name = serde.name.replace(/^optional /, '');
  if (name === 'string') return text;
  if (name === 'bytes') return Buffer.from(text, 'utf8');
  try {
    return serde.parsePlain === undefined ? parseExactly(text) : serde.parsePlain(text);
  } catch (cause) {
    const next = part === 'key' && name.startsWith('json') ? 'A text is quoted in JSON: -k \'"u1"\'.' : undefined;
    const problem = `${part}: the ${owner} expects ${name}, and this is not JSON: ${text.slice(0, 80)} (${messageOf(cause)})`;
    throw new CommandError(1, problem, { cause, next });
  }
}
