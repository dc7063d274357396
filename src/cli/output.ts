import { describeError, isStreamerError } from '../errors.ts';
import { table } from '../observe/format.ts';
import { printable, printableLines, printableText } from '../observe/printable.ts';

/** The output of a command: lines for people, or one JSON object per line for programs. */
export interface Output {
  readonly json: boolean;
  /** Prints lines for people; control characters are escaped. */
  line(text: string): void;
  /** Prints aligned columns for people. */
  table(rows: ReadonlyArray<readonly string[]>, header?: readonly string[]): void;
  /** Prints one line for programs. */
  data(value: unknown): void;
  /** Prints one line for programs that is JSON already. */
  dataText(text: string): void;
}

export function outputOf(json: boolean): Output {
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  const nothing = () => undefined;
  return json
    ? { json, line: nothing, table: nothing, data: (value) => write(JSON.stringify(value)), dataText: write }
    : {
        json,
        line: (text) => write(printableText(text)),
        table: (rows, header) =>
          write(
            table(
              rows.map((row) => row.map(printable)),
              header,
            ),
          ),
        data: nothing,
        dataText: nothing,
      };
}

/** Prints one readable message on standard error, with the stack when debugging. */
export function reportError(error: unknown, options: { readonly json: boolean; readonly debug: boolean }): void {
  if (options.json) {
    process.stderr.write(`${JSON.stringify({ error: { code: codeOf(error), message: describeError(error) } })}\n`);
    return;
  }
  process.stderr.write(`streamer: ${printableLines(describeError(error))}\n`);
  if (options.debug) process.stderr.write(`${printableLines(stacksOf(error))}\n`);
}

function codeOf(error: unknown): string {
  return isStreamerError(error) ? error.code : 'ERROR';
}

function stacksOf(error: unknown): string {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length < 5; at = at.cause) stacks.push(at.stack ?? String(at));
  return stacks.join('\ncaused by ');
}
