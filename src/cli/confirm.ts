import { createInterface } from 'node:readline/promises';
import { CommandError } from './command-error.ts';
import type { RawOptions } from './options.ts';

/**
 * Resolves when the user agrees to what cannot be undone: by `--yes`, or by an answer on a terminal.
 *
 * @param what the deed, as a clause: `this deletes orders with all its records`
 * @throws CommandError (exit 2) when there is no terminal to ask on, or the answer is not yes
 */
export async function confirm(what: string, options: RawOptions): Promise<void> {
  if (options['yes'] === true) return;
  const canAsk = process.stdin.isTTY === true && process.stderr.isTTY === true && options.json !== true;
  if (!canAsk) throw new CommandError(2, what, { next: 'To do it: --yes.' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${what}. Go on? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new CommandError(2, 'nothing was done');
}
