import type { Command } from 'commander';

/** Commander shows the whole of an option that it does not know: what follows its name may be a password. */
function withoutValue(text: string): string {
  return text.replace(/^(error: unknown option '--?[\w-]+)=.*'/s, "$1'");
}

/** Makes a command print its usage errors, as one JSON object with `--json`. */
export function withUsageErrors(command: Command, isJson: boolean): Command {
  if (!isJson) {
    return command
      .configureOutput({ outputError: (text, write) => write(withoutValue(text).replace(/^error: /, 'streamer: ')) })
      .showHelpAfterError('(--help lists commands and options)');
  }
  const outputError = (text: string, write: (text: string) => void) => {
    const message = withoutValue(text)
      .replace(/^error: /, '')
      .trimEnd();
    write(`${JSON.stringify({ error: { code: 'USAGE', message } })}\n`);
  };
  return command.configureOutput({ outputError });
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON, one object per line; logs and errors as JSON on standard error');
}

/** Adds examples under the help of a command. */
export function withExamples(command: Command, ...examples: string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', `\n${title}\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
