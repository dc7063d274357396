import type { App } from '../../app.ts';
import type { RegisteredSchema } from '../../topics/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';

export interface TopicSchema {
  readonly topic: string;
  readonly part: 'key' | 'value';
  readonly schema: RegisteredSchema;
}

/** Runs `use` with the schemas of the app's topics that are kept in a registry. */
export async function withSchemas(
  topics: readonly string[],
  options: RawOptions,
  use: (schemas: readonly TopicSchema[], session: AppSession) => Promise<void>,
): Promise<void> {
  const session = await openAppSession(options);
  try {
    await use(schemasOf(session.app, topics), session);
  } finally {
    await session.close();
  }
}

function schemasOf(app: App, names: readonly string[]): TopicSchema[] {
  const unknown = names.filter((name) => !app.topics.has(name));
  if (unknown.length > 0) {
    throw new CommandError(2, `app "${app.id}" does not declare ${unknown.join(', ')}`, {
      next: `It declares: ${[...app.topics.keys()].join(', ')}.`,
    });
  }
  const found = [...app.topics.values()]
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap(({ name: topic, serdes }) =>
      (['key', 'value'] as const).flatMap((part) => {
        const schema = serdes[part].registered?.({ topic, part });
        return schema === undefined ? [] : [{ topic, part, schema }];
      }),
    );
  if (found.length > 0) return found;
  throw new CommandError(2, `no topic of app "${app.id}" has a schema in a registry`, {
    next: 'avro.confluent({ schema }) and json.confluent({ schema }) keep theirs there.',
  });
}
