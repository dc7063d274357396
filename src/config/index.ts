export { type Config, type ConfigFile, findConfigFile, isPath } from './file.ts';
export { importModule } from './module.ts';
export { securityOf } from './security.ts';
export {
  type Layers,
  type Origin,
  type ResolvedSettings,
  resolveSettings,
  type SettingName,
  type Settings,
  type SettingsInput,
  settingNames,
  settings,
} from './settings.ts';
