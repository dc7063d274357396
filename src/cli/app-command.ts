import { Command } from 'commander';
import type { App } from '../app.ts';
import { CommandError } from './command-error.ts';
import { withUsageErrors } from './help.ts';
import type { RawOptions } from './options.ts';
import { type AppSession, openAppSession } from './session.ts';
import { stopSignal } from './signals.ts';

/** `streamer run -A app NAME ...`: runs a command of the app, its options parsed as the app configured them. */
export async function runAppCommand(name: string | undefined, args: readonly string[], options: RawOptions): Promise<void> {
  const session = await openAppSession(options);
  if (name === undefined) return list(session);
  const stop = stopSignal();
  try {
    const command = withUsageErrors(commandOf(session.app, name, stop.signal), options.json === true || args.includes('--json'));
    await command.parseAsync([...args], { from: 'user' });
  } finally {
    await session.close();
    stop.release();
  }
}

function list({ app, output }: AppSession): void {
  const rows = [...app.commands.values()].map(({ name, about }) => [name, about ?? '']);
  if (rows.length === 0) output.line(`${app.id} has no commands; app.command(name, configure, action) declares one`);
  else output.table(rows, ['command', 'about']);
  for (const [command, about] of rows) output.data({ command, about });
}

function commandOf(app: App, name: string, signal: AbortSignal): Command {
  const declared = app.commands.get(name);
  if (declared === undefined) {
    const names = [...app.commands.keys()].join(', ') || '(none)';
    throw new CommandError(2, `app "${app.id}" has no command "${name}"`, { next: `It has: ${names}.` });
  }
  const command = new Command(`streamer run -A ${app.id} ${name}`).description(declared.about ?? '').exitOverride();
  declared.configure(command);
  // The parent of a command of `streamer dev` waits for a message.
  const ready = () => void process.send?.('ready');
  return command.action(async () => declared.action(command.opts(), { signal, ready, args: command.args }));
}
