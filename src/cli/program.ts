import { Command, CommanderError } from 'commander';
import { exitCodeOf } from './command-error.ts';
import { withExamples } from './help.ts';
import { reportError } from './output.ts';
import { packageVersion } from './version.ts';

/** In the order of the help. Each is a module of its own, and what only one of them needs is imported by its action. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  worker: async () => (await import('./commands/worker.ts')).workerCommand(),
  dev: async () => (await import('./commands/dev.ts')).devCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  topics: async () => (await import('./commands/topics.ts')).topicsCommand(),
  schemas: async () => (await import('./commands/schemas.ts')).schemasCommand(),
  agents: async () => (await import('./commands/agents.ts')).agentsCommand(),
  send: async () => (await import('./commands/send.ts')).sendCommand(),
  consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
  dlq: async () => (await import('./commands/dlq.ts')).dlqCommand(),
  cdc: async () => (await import('./commands/cdc.ts')).cdcCommand(),
  model: async () => (await import('./commands/model.ts')).modelCommand(),
  broker: async () => (await import('./commands/broker.ts')).brokerCommand(),
  config: async () => (await import('./commands/config.ts')).configCommand(),
};

/** @param only the one command that is wanted: each costs its modules. Any other name gives all of them */
export async function buildProgram(only?: string): Promise<Command> {
  const program = new Command('streamer')
    .description('Typed topics and async agents over Apache Kafka.')
    .version(packageVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'streamer: ')) })
    .showHelpAfterError('(--help lists commands and options)');
  const wanted = only !== undefined && Object.hasOwn(COMMANDS, only) ? [only] : Object.keys(COMMANDS);
  const commands = await Promise.all(wanted.map((name) => COMMANDS[name]!()));
  for (const command of commands) program.addCommand(inherit(command, program));
  return withExamples(
    program,
    'streamer broker                                  # a Kafka broker for development, on 127.0.0.1:29092',
    'streamer topics create -A customer-prediction    # the topics an app declares',
    'streamer worker -A customer-prediction           # its agents; start it twice and they share the work',
    'streamer worker -A ./app.ts                      # your own',
  );
}

/** Commands made apart from their parent do not take over how it exits and prints. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** Runs the command line; resolves to the exit code: 0 done, 1 the work failed, 2 usage, configuration or no broker. */
export async function main(args: readonly string[]): Promise<number> {
  endQuietlyWithoutReader();
  try {
    const program = await buildProgram(args[0]);
    await program.parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportError(error, { json: args.includes('--json'), debug: isDebugging(args) });
    return exitCodeOf(error);
  }
}

function isDebugging(args: readonly string[]): boolean {
  return Boolean(process.env['STREAMER_DEBUG']) || args.join(' ').match(/--log-level[ =]debug\b/) !== null;
}

/** `streamer consume ... | head`: the reader has gone, and that is no failure. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
