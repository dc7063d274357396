import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { type RawOptions, withApp, withSettings } from '../options.ts';

export function agentsCommand(): Command {
  const command = new Command('agents').description('list the agents of an app: what they read, where they send, how they fail');
  withSettings(withJson(withApp(command)), ['logLevel']);
  withExamples(command, 'streamer agents -A customer-prediction');
  return command.action(listAgents);
}

async function listAgents(options: RawOptions): Promise<void> {
  const [{ openAppSession }, { AGENT_HEADER, agentRows, agentsOf }] = await Promise.all([
    import('../session.ts'),
    import('../agent-table.ts'),
  ]);
  const { app, output } = await openAppSession(options);
  app.validate();
  output.table(agentRows(app), AGENT_HEADER);
  for (const agent of agentsOf(app)) output.data(agent);
}
