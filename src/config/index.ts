export { type Config, type ConfigFile, findConfigFile, isPath } from './file.ts';
export { compileModule, importModule } from './module.ts';
export { type Layers, type Origin, type ResolvedSettings, resolveSettings } from './resolve.ts';
export { securityOf } from './security.ts';
export { type SettingName, type Settings, type SettingsInput, settingNames, settings } from './settings.ts';
