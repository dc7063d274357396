import { type Command, Option } from 'commander';
import { type SettingName, type SettingsInput, settingNames, settings } from '../config/index.ts';

/** Options that commands share. Settings have their own names. */
export interface CommonOptions {
  readonly app?: string;
  readonly json?: boolean;
}

export type RawOptions = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `-A`. */
export function withApp(command: Command, about = "file, module or name of the app (default: the project's only app)"): Command {
  return command.option('-A, --app <app>', about);
}

/** Adds a flag for each setting, from the table of settings. */
export function withSettings(command: Command, names: readonly SettingName[] = settingNames): Command {
  for (const name of names) {
    const { flag, help, env, byDefault } = settings[name];
    const shown = Array.isArray(byDefault) ? byDefault.join(',') : String(byDefault ?? 'none');
    command.addOption(new Option(flag, `${help} (default: ${shown}, env: ${env.join(' or ')})`).helpGroup('Settings:'));
  }
  return command;
}

/** Settings of commands that connect, but run no agents. */
export const CONNECTION: readonly SettingName[] = [
  'brokers',
  'ssl',
  'sslCa',
  'sslCert',
  'sslKey',
  'saslMechanism',
  'saslUsername',
  'saslPassword',
  'logLevel',
];

export function flagsOf(options: RawOptions): SettingsInput {
  return Object.fromEntries(settingNames.flatMap((name) => (options[name] === undefined ? [] : [[name, String(options[name])]])));
}
