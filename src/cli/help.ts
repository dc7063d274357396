import type { Command } from 'commander';

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON, one object per line; logs and errors as JSON on standard error');
}

/** Examples under the help of a command. */
export function withExamples(command: Command, ...examples: string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', `\n${title}\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
