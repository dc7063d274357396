import { Command, CommanderError } from 'commander';
import { exitCodeOf } from './command-error.ts';
import { withExamples, withUsageErrors } from './help.ts';
import { reportError } from './output.ts';
import { packageVersion } from './version.ts';

// Each module costs half a millisecond before the first line runs, so a command imports what it needs, and no other
// (test/cli/broker.test.ts).

/** In the order of the help. Each command is a module, and its action imports what it needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  worker: async () => (await import('./commands/worker.ts')).workerCommand(),
  dev: async () => (await import('./commands/dev.ts')).devCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  topics: async () => (await import('./commands/topics.ts')).topicsCommand(),
  schemas: async () => (await import('./commands/schemas.ts')).schemasCommand(),
  agents: async () => (await import('./commands/agents.ts')).agentsCommand(),
  send: async () => (await import('./commands/send.ts')).sendCommand(),
  consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
  tables: async () => (await import('./commands/tables.ts')).tablesCommand(),
  reset: async () => (await import('./commands/reset.ts')).resetCommand(),
  dlq: async () => (await import('./commands/dlq.ts')).dlqCommand(),
  cdc: async () => (await import('./commands/cdc.ts')).cdcCommand(),
  model: async () => (await import('./commands/model.ts')).modelCommand(),
  broker: async () => (await import('./commands/broker.ts')).brokerCommand(),
  config: async () => (await import('./commands/config.ts')).configCommand(),
};

/**
 * Returns the command line of `streamer`.
 *
 * @param only the one command to load, because each costs its modules; all of them for any other name
 */
export async function buildProgram(only?: string, isJson = false): Promise<Command> {
  const program = withUsageErrors(new Command('streamer'), isJson)
    .description('Typed topics and async agents over Apache Kafka.')
    .version(packageVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride();
  const wanted = only !== undefined && Object.hasOwn(COMMANDS, only) ? [only] : Object.keys(COMMANDS);
  const commands = await Promise.all(wanted.map((name) => COMMANDS[name]!()));
  for (const command of commands) program.addCommand(inherit(command, program));
  return withExamples(
    program,
    'streamer broker                                  # a Kafka broker for development on 127.0.0.1:29092',
    'streamer topics create -A customer-prediction    # the topics an app declares',
    'streamer worker -A customer-prediction           # its agents; several workers share the partitions',
    'streamer worker -A ./app.ts                      # your own',
  );
}

/** A command that is made apart from its parent does not inherit how it exits and prints. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** Runs the command line. Resolves to the exit code: 0 done, 1 the work failed, 2 usage, configuration or no broker. */
export async function main(args: readonly string[]): Promise<number> {
  endQuietlyWithoutReader();
  try {
    const program = await buildProgram(args[0], args.includes('--json'));
    await program.parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportError(error, { json: args.includes('--json'), debug: isDebugging(args) });
    return exitCodeOf(error);
  }
}

function isDebugging(args: readonly string[]): boolean {
  return Boolean(process.env['STREAMER_DEBUG']) || /--log-level[ =]debug\b/.test(args.join(' '));
}

/** `streamer consume ... | head`: a reader that has gone is not a failure. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
