import { ConfigError } from '../errors.ts';
import { securityProblems } from './security.ts';
import { isSettingName, type Setting, type SettingName, type Settings, type SettingsInput, settingNames, settings } from './settings.ts';

export interface Origin {
  readonly layer: 'default' | 'dev' | 'code' | 'file' | 'environment' | 'flag';
  /** The file, variable or flag. */
  readonly name: string | undefined;
}

export interface ResolvedSettings {
  readonly values: Settings;
  readonly origins: Readonly<Record<SettingName, Origin>>;
}

/** Where settings come from. Later layers win: default, dev, code, file, environment, flag. */
export interface Layers {
  /** Set by a `streamer dev` that runs in the project. */
  readonly dev?: SettingsInput | undefined;
  readonly code?: SettingsInput | undefined;
  readonly file?: { readonly path: string; readonly values: SettingsInput } | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly flags?: SettingsInput | undefined;
}

interface Picked {
  readonly raw: unknown;
  readonly origin: Origin;
}

/**
 * Returns the value of every setting, with its origin.
 *
 * @throws ConfigError with all problems together, each with the origin of its value
 */
export function resolveSettings(layers: Layers): ResolvedSettings {
  const problems = [...unknownNames('code', layers.code), ...unknownNames(layers.file?.path ?? 'file', layers.file?.values)];
  const picked = byName((name) => pick(name, layers));
  const values = valuesOf(picked, problems);
  if (problems.length === 0) problems.push(...securityProblems(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return { values, origins: byName((name) => picked[name].origin) };
}

/** Parses every value; a value that does not fit becomes a problem. */
function valuesOf(picked: Readonly<Record<SettingName, Picked>>, problems: string[]): Settings {
  return byName((name): unknown => {
    const { parse, byDefault, isSecret, shown = JSON.stringify }: Setting<unknown> = settings[name];
    const { raw, origin } = picked[name];
    if (raw === undefined) return byDefault;
    const parsed = parse(raw);
    if ('value' in parsed) return parsed.value;
    const got = isSecret === true ? 'another value' : shown(raw);
    problems.push(`${name}: expected ${parsed.expected}, got ${got} (from ${origin.name ?? origin.layer})`);
    return undefined;
  }) as Settings;
}

function byName<T>(of: (name: SettingName) => T): Record<SettingName, T> {
  return Object.fromEntries(settingNames.map((name) => [name, of(name)])) as Record<SettingName, T>;
}

function pick(name: SettingName, { flags, env, file, code, dev }: Layers): Picked {
  const { flag, env: variables }: Setting<unknown> = settings[name];
  const variable = variables.find((each) => env?.[each] !== undefined && env[each] !== '');
  const found: Picked[] = [
    { raw: flags?.[name], origin: { layer: 'flag', name: flag.split(' ')[0] } },
    { raw: variable === undefined ? undefined : env?.[variable], origin: { layer: 'environment', name: variable } },
    { raw: file?.values[name], origin: { layer: 'file', name: file?.path } },
    { raw: code?.[name], origin: { layer: 'code', name: undefined } },
    { raw: dev?.[name], origin: { layer: 'dev', name: 'streamer dev' } },
  ];
  return found.find(({ raw }) => raw !== undefined) ?? { raw: undefined, origin: { layer: 'default', name: undefined } };
}

function unknownNames(where: string, input: SettingsInput | undefined): string[] {
  return Object.keys(input ?? {})
    .filter((name) => !isSettingName(name))
    .map((name) => `${where}: unknown setting "${name}"; known are ${settingNames.join(', ')}`);
}
