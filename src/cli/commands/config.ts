import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { type RawOptions, withApp, withSettings } from '../options.ts';

export function configCommand(): Command {
  const command = new Command('config').description('show every setting, its value, and where the value comes from');
  withSettings(withJson(withApp(command)));
  withExamples(command, 'streamer config', 'KAFKA_BROKERS=kafka:9092 streamer config -A ./app.ts --json');
  return command.action(showConfig);
}

async function showConfig(options: RawOptions): Promise<void> {
  const { openSession } = await import('../session.ts');
  const { settingNames, settings: definitions } = await import('../../config/index.ts');
  const { output, settings, configPath } = await openSession(options);
  const rows = settingNames.map((name) => {
    const isHidden = 'isSecret' in definitions[name] && settings.values[name] !== undefined;
    const value = isHidden ? '(hidden)' : settings.values[name];
    const { layer, name: source } = settings.origins[name];
    return { setting: name, value, layer, ...(source === undefined ? {} : { source }) };
  });
  output.line(configPath === undefined ? 'no configuration file' : `configuration file ${configPath}`);
  output.table(
    rows.map(({ setting, value, layer, source }) => [setting, String(value ?? ''), source === undefined ? layer : `${layer} ${source}`]),
    ['setting', 'value', 'from'],
  );
  for (const row of rows) output.data(row);
}
