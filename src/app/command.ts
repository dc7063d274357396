import type { Command } from 'commander';

/** What a command of an app is given beside its options. */
export interface CommandContext {
  /** Aborted at SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** To be called by a command with `inDev: 'first'` when the worker can start. */
  ready(): void;
  readonly args: readonly string[];
}

export interface AppCommand {
  readonly name: string;
  readonly about: string;
  readonly configure: (command: Command) => Command | void;
  readonly action: (options: Record<string, unknown>, context: CommandContext) => Promise<void> | void;
  readonly inDev: InDev;
}

/**
 * Whether `streamer dev` runs a command, without options: beside the worker, or `first`, so that the worker starts when the
 * command has called `ready`.
 */
export type InDev = boolean | 'first';
