import { Command, CommanderError } from 'commander';
import { exitCodeOf } from './command-error.ts';
import { agentsCommand } from './commands/agents.ts';
import { brokerCommand } from './commands/broker.ts';
import { cdcCommand } from './commands/cdc.ts';
import { configCommand } from './commands/config.ts';
import { consumeCommand } from './commands/consume.ts';
import { devCommand } from './commands/dev.ts';
import { dlqCommand } from './commands/dlq.ts';
import { modelCommand } from './commands/model.ts';
import { runCommand } from './commands/run.ts';
import { schemasCommand } from './commands/schemas.ts';
import { sendCommand } from './commands/send.ts';
import { topicsCommand } from './commands/topics.ts';
import { workerCommand } from './commands/worker.ts';
import { withExamples } from './options.ts';
import { reportError } from './output.ts';
import { packageVersion } from './version.ts';

/** All commands, with nothing loaded that only one of them needs: their actions import the rest. */
export function buildProgram(): Command {
  const program = new Command('streamer')
    .description('Typed topics and async agents over Apache Kafka.')
    .version(packageVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'streamer: ')) })
    .showHelpAfterError('(--help lists commands and options)');
  const commands = [
    workerCommand(),
    devCommand(),
    runCommand(),
    topicsCommand(),
    schemasCommand(),
    agentsCommand(),
    sendCommand(),
    consumeCommand(),
    dlqCommand(),
    cdcCommand(),
    modelCommand(),
    brokerCommand(),
    configCommand(),
  ];
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
    await buildProgram().parseAsync(args, { from: 'user' });
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
