import { type Command, Option } from 'commander';
import { type SettingName, type SettingsInput, settingNames, settings } from '../config/index.ts';

/** Options that commands share; settings come under their own names. */
export interface CommonOptions {
  readonly app?: string;
  readonly json?: boolean;
}

export type RawOptions = CommonOptions & Readonly<Record<string, unknown>>;

/** `-A`. Commands that cannot do without an app check it when they load it, so that the message can list the names. */
export function withApp(command: Command, about = 'file, module, or name of the app'): Command {
  return command.option('-A, --app <app>', about);
}

/** A flag for each setting, from the table that declares them. */
export function withSettings(command: Command, names: readonly SettingName[] = settingNames): Command {
  for (const name of names) {
    const { flag, help, env, byDefault } = settings[name];
    const shown = Array.isArray(byDefault) ? byDefault.join(',') : String(byDefault ?? 'none');
    command.addOption(new Option(flag, `${help} (default: ${shown}, env: ${env.join(' or ')})`).helpGroup('Settings:'));
  }
  return command;
}

/** Settings for commands that connect, but run no agents. */
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
  return Object.fromEntries(
    settingNames.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as SettingsInput;
}
