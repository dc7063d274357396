import type { RawOptions } from '../options.ts';
import { withSchemas } from './subjects.ts';

export async function showSchemas(topics: readonly string[], options: RawOptions): Promise<void> {
  await withSchemas(topics, options, async (schemas, { output }) => {
    for (const { topic, part, schema } of schemas) {
      const [id, latest] = await Promise.all([schema.find(), schema.latest()]);
      const { subject, type } = schema;
      const newest = latest === undefined ? 'the subject is empty' : `newest is version ${latest.version}, id ${latest.id}`;
      output.line(`${subject}   ${type}   ${id === undefined ? 'not registered' : `id ${id}`}   ${newest}`);
      output.line(JSON.stringify(JSON.parse(schema.schema), undefined, 2));
      output.data({ subject, topic, part, type, id: id ?? null, latest: latest ?? null, schema: JSON.parse(schema.schema) as unknown });
    }
  });
}
