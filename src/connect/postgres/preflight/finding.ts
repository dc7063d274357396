/**
 * One result of the preflight. `problem`: the source cannot start, or would break the application. `warning`: it starts, and
 * something is or may get lost. `note`: how it will behave.
 */
export interface Finding {
  readonly level: 'problem' | 'warning' | 'note';
  /** The option, table or server setting that it is about. */
  readonly about: string;
  readonly text: string;
  /** SQL to run, each statement with its semicolon, or undefined when no statement helps. */
  readonly sql?: readonly string[] | undefined;
  /** What else to do. */
  readonly next?: string | undefined;
}
