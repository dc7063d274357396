import type { Faults } from '../../web/index.ts';
import { CommandError } from '../command-error.ts';

/** `--fault latency=50 --fault refuse.age=99 --fault hang`; `off` means none for now, but `PUT /faults` can set some. */
export function faultsOf(given: unknown): Faults | undefined {
  if (given === undefined) return undefined;
  const faults: Record<string, unknown> = {};
  for (const text of given as readonly string[]) {
    if (text === 'off') continue;
    const [, name = '', value = 'true'] = /^([^=]+)(?:=(.*))?$/s.exec(text) ?? [];
    if (name === '') throw new CommandError(2, `--fault: expected NAME=VALUE, got ${JSON.stringify(text)}`);
    if (name.startsWith('refuse.')) faults['refuse'] = { ...(faults['refuse'] as object), [name.slice('refuse.'.length)]: valueOf(value) };
    else faults[name] = valueOf(value);
  }
  return faults as Faults;
}

/** A number, true or false where it is one, else a text. */
function valueOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
