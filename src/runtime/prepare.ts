import type { Agent } from '../agents/index.ts';
import { isStreamerError, messageOf, StreamerError } from '../errors.ts';
import type { DeclaredTable } from '../tables/index.ts';
import { type AnyTopic, type Readable, type SerdeContext, Topic } from '../topics/index.ts';

/**
 * Lets serdes get ready that need something outside, before the first record: schemas of topics and tables that agents write are
 * registered and checked, registries of topics that they read have to answer.
 *
 * @param declared the app's topics: what no agent reads is there to be sent to
 * @throws StreamerError with every problem together
 */
export async function prepareSerdes(
  agents: readonly Agent[],
  declared: Iterable<AnyTopic>,
  tables: Iterable<DeclaredTable>,
): Promise<void> {
  const sources = new Set(agents.flatMap((agent) => agent.sources));
  const outputs = agents.flatMap(({ sinks }) => sinks).filter((sink) => sink instanceof Topic);
  const sinks = new Set<Readable<unknown, unknown>>([...outputs, ...[...declared].filter((topic) => !sources.has(topic))]);
  const changelogs = [...tables].map(({ changelog: name, serdes }) => ({ name, serdes }));
  const results = await Promise.allSettled([
    ...[...sinks].flatMap((topic) => prepared(topic, 'write')),
    ...changelogs.flatMap((table) => prepared(table, 'keep')),
    ...[...sources].filter((source) => !sinks.has(source)).flatMap((source) => prepared(source, 'read')),
  ]);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length > 0) throw together(errors);
}

function prepared(
  { name, serdes }: Pick<Readable<unknown, unknown>, 'name' | 'serdes'>,
  use: 'read' | 'write' | 'keep',
): Array<Promise<void> | undefined> {
  return (['key', 'value'] as const).map(async (part) => {
    const context: SerdeContext = { topic: String(name), part };
    await serdes[part].prepare?.(context, use);
  });
}

/** Several topics say the same of a registry that is down. */
function together(errors: readonly unknown[]): unknown {
  const distinct = [...new Map(errors.map((error) => [messageOf(error), error])).values()];
  const [first] = distinct;
  if (distinct.length === 1 || !isStreamerError(first)) return first;
  const list = distinct.map(messageOf).join('\n  - ');
  return new StreamerError(first.code, `${distinct.length} problems:\n  - ${list}`, {
    next: first.next,
    cause: first,
    retryable: distinct.every((error) => isStreamerError(error) && error.retryable),
  });
}
