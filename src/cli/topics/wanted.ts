import type { AppTopicSpec } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import type { Session } from '../session.ts';

/** Topics named on the command line, or those of the app; the app's specs where it declares them. */
export function wantedTopics(session: Session, names: readonly string[], options: RawOptions): AppTopicSpec[] {
  if (session.app === undefined) return [...new Set(names)].map((name) => specOf(name, options));
  for (const flag of ['partitions', 'replicationFactor', 'config']) {
    if (options[flag] !== undefined)
      throw new CommandError(2, `--${flag === 'replicationFactor' ? 'replication-factor' : flag} does not go with -A: the app says it`);
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

export function requireNames(session: Session, names: readonly string[]): void {
  if (session.app === undefined && names.length === 0)
    throw new CommandError(2, 'which topics?', { next: 'Name them, or name the app that declares them: -A APP.' });
}

function specOf(name: string, options: RawOptions): AppTopicSpec {
  const replicationFactor =
    options['replicationFactor'] === undefined ? undefined : wholeNumber('--replication-factor', options['replicationFactor']);
  return {
    name,
    partitions: wholeNumber('--partitions', options['partitions'] ?? '1'),
    replicationFactor,
    configs: configsOf(options['config']),
    internal: false,
  };
}

function configsOf(given: unknown): Record<string, string> {
  const pairs = (given ?? []) as string[];
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new CommandError(2, `--config: expected name=value, got ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function wholeNumber(flag: string, given: unknown): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new CommandError(2, `${flag}: expected a whole number of at least 1, got ${JSON.stringify(given)}`);
  return value;
}
