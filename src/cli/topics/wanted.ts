import type { AppTopicSpec } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import { flagOf, pairs, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import type { Session } from '../session.ts';

/** Returns the topics named on the command line, or those of the app, as the app declares them. */
export function wantedTopics(session: Session, names: readonly string[], options: RawOptions): AppTopicSpec[] {
  if (session.app === undefined) return [...new Set(names)].map((name) => specOf(name, options));
  for (const flag of ['partitions', 'replicationFactor', 'config']) {
    if (options[flag] !== undefined) throw new CommandError(2, `${flagOf(flag)} does not go with -A: the app declares it`);
  }
  session.app.validate('topics');
  const specs = session.app.topicSpecs();
  if (specs.length === 0) throw new CommandError(2, `app "${session.app.id}" declares no topics`);
  const unknown = names.filter((name) => !specs.some((spec) => spec.name === name));
  if (unknown.length > 0) {
    throw new CommandError(2, `app "${session.app.id}" does not declare ${unknown.join(', ')}`, {
      next: `It declares: ${specs.map((spec) => spec.name).join(', ')}.`,
    });
  }
  return names.length === 0 ? specs : specs.filter((spec) => names.includes(spec.name));
}

function specOf(name: string, options: RawOptions): AppTopicSpec {
  return {
    name,
    partitions: wholeNumber('--partitions', options['partitions'], 1) ?? 1,
    replicationFactor: wholeNumber('--replication-factor', options['replicationFactor'], 1),
    configs: Object.fromEntries(pairs('--config', options['config'])),
    internal: false,
  };
}
