import type { SettingsInput } from '../config/index.ts';

export interface AppOptions extends SettingsInput {
  /** Names the consumer group and the app's dead-letter topics. Letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  /** Shown in logs. @default '0.0.0' */
  readonly version?: string | undefined;
  /**
   * Log dead letters, skipped events, retries and waits: to LogTape where the program has configured it, else to standard error, at most
   * one line a second of each kind. @default true
   */
  readonly logging?: boolean | undefined;
}

export interface StartOptions {
  /** @default the app's */
  readonly logging?: boolean | undefined;
}
